"""`Function`: PyTorch's way to write an op of one's own, on the same records as every other op.

`differentiable(forward, backward)` is ours, and shorter: a pair of plain functions over arrays. A Function's forward
and backward see Tensors, and what backward needs is put on a `ctx`. It is that pair in other clothes: here they are
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.backend import Array, array_module
from minigrad.lift import differentiable
from minigrad.tensor import Tensor, as_array


class Context:
    """The `ctx` of a Function: what forward keeps for backward. Any other attribute may be set on it, too.

    needs_input_grad: for each argument of forward, whether its gradient is wanted.
    """

    def __init__(self, args: tuple) -> None:
        self.needs_input_grad = tuple(isinstance(arg, Tensor) and arg.requires_grad for arg in args)
        self._tensors_in = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        self._tensors_out: list[int] = []
        self._specs: list[tuple] = []  # shape and dtype of those
        self._returned: Any = None
        self._saved: tuple[Tensor | None, ...] = ()
        self._without_gradient: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors. Changing one of them in place before backward is an error."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` was given."""
        return self._saved

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """These outputs of forward have no gradient."""
        self._without_gradient = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward is given zeros (the default), or None, for an output to which nothing flowed back."""
        self._materialize = bool(value)

    def _anew(self, args: tuple, arrays: tuple[Array, ...]) -> tuple[Context, tuple]:
        """A ctx and arguments for another run of forward, with these arrays in place of the tensors' own."""
        given = list(args)
        for i, array in zip(self._tensors_in, arrays, strict=True):
            given[i] = Tensor(as_array(array))
        ctx = Context(tuple(given))
        ctx.needs_input_grad = self.needs_input_grad
        return ctx, tuple(given)

    def mark_dirty(self, *inputs: Tensor) -> None:
        raise NotImplementedError("mark_dirty: a Function must not change its arguments. Return a new tensor instead.")


class Function:
    """Subclass it with two static methods, and call `apply`.

    >>> class Cube(mg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, dout):
    ...         (x,) = ctx.saved_tensors
    ...         return dout * 3 * x**2
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)

    forward returns a Tensor or a tuple of them. backward takes a gradient for each, and returns one for each argument
    of forward, of its shape: None for one that is no Tensor or needs none. Both run under `no_grad`. forward may also
    be written without `ctx`, beside a static method `setup_context(ctx, inputs, output)`.
    """

    _op: Callable

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls._op = staticmethod(differentiable(cls._forward, cls._backward, name=cls.__name__))

    @staticmethod
    def forward(*args: Any) -> Any:
        raise NotImplementedError("Function: a subclass needs a static method forward(ctx, *args).")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        raise NotImplementedError("Function: setup_context is for a subclass to write.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("Function: a subclass needs a static method backward(ctx, *grad_outputs).")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward on `args`, Tensors or anything else, and record it."""
        ctx = Context(args)
        outs = cls._op(*[args[i] for i in ctx._tensors_in], ctx=ctx, args=args)
        returned, ctx._returned = ctx._returned, None
        results = list(returned) if isinstance(returned, tuple) else [returned]
        for i, out in zip(ctx._tensors_out, outs if isinstance(outs, tuple) else (outs,), strict=True):
            has_gradient = all(results[i] is not marked for marked in ctx._without_gradient)
            results[i] = out if has_gradient else out.detach()
        return tuple(results) if isinstance(returned, tuple) else results[0]

    @classmethod
    def _forward(cls, *arrays: Array, ctx: Context, args: tuple) -> tuple[Any, Context]:
        """The pair's forward: the arrays of what `forward` returns."""
        if ctx._specs:  # it is run again, perhaps on other arrays; the first run's ctx stays what it is
            ctx, args = ctx._anew(args, arrays)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                ctx._returned = cls.forward(ctx, *args)
            else:
                ctx._returned = cls.forward(*args)
                cls.setup_context(ctx, args, ctx._returned)
        results = ctx._returned if isinstance(ctx._returned, tuple) else (ctx._returned,)
        ctx._tensors_out = [i for i, result in enumerate(results) if isinstance(result, Tensor)]
        outs = tuple(results[i].array for i in ctx._tensors_out)
        if not outs:
            raise TypeError(
                f"{cls.__name__}: forward must return a Tensor or a tuple of them, got {type(ctx._returned).__name__}."
            )
        ctx._specs = [(out.shape, out.dtype) for out in outs]
        return (outs if len(outs) > 1 else outs[0]), ctx

    @classmethod
    def _backward(cls, dout: Any, ctx: Context) -> tuple[Array | None, ...]:
        """The pair's backward: what `backward` returns for the arguments that are Tensors."""
        arrived = dout if isinstance(dout, tuple) else (dout,)
        xp = array_module(next(gradient for gradient in arrived if gradient is not None))
        douts: list[Tensor | None] = [None] * (1 + max(ctx._tensors_out))
        for i, gradient, (shape, dtype) in zip(ctx._tensors_out, arrived, ctx._specs, strict=True):
            if gradient is None and ctx._materialize:
                gradient = xp.zeros(shape, dtype)
            douts[i] = None if gradient is None else Tensor(gradient)
        with no_grad():
            result = cls.backward(ctx, *douts)
        gradients = result if isinstance(result, tuple) else (result,)
        expected = len(ctx.needs_input_grad)
        if len(gradients) < expected or any(extra is not None for extra in gradients[expected:]):
            raise RuntimeError(
                f"{cls.__name__}: backward must return {expected} gradients, one for each argument of forward (None "
                f"where there is none), got {len(gradients)}."
            )
        return tuple(None if gradients[i] is None else as_array(gradients[i]) for i in ctx._tensors_in)
