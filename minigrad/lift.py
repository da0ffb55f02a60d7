"""The lift: what turns a pair of plain functions over arrays into an op on Tensors.

It is all there is between the mathematics (`ops`: arrays only) and the tape (records only). Forward: take the arrays out
of the tensors, run the pair's forward, wrap the result, leave a record. Backward: run the pair's backward, and see to
what is the same for every op. Gradients of numbers are dropped, broadcast axes are summed, dtypes are those of the
arrays, and a gradient of the wrong shape is an error: a student's unsummed `db` is not healed in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from minigrad.backend import Array, DtypeError, ShapeError, array_module, float32, is_array, is_float, result_type
from minigrad.ops.shape import unbroadcast
from minigrad.tape import Kept, Record, state
from minigrad.tensor import Tensor


class Op:
    """A pair lifted to Tensors. Call it as its forward; settings go by keyword.

    Positional arguments may be Tensors, arrays, numbers, None, or a list of tensors (which counts as its tensors).
    """

    def __init__(
        self,
        forward: Callable,
        backward: Callable,
        *,
        name: str | None = None,
        broadcasts: bool = False,
        floats: bool = False,
        view: bool = False,
    ) -> None:
        self.forward = forward
        self.backward = backward
        self.name = name or forward.__name__.removesuffix("_forward")
        self.broadcasts = broadcasts
        self.floats = floats
        self.view = view
        self.is_ours = forward.__module__.startswith("minigrad.ops.")
        self.takes_needs = "needs" in inspect.signature(backward).parameters
        self.__name__ = self.name
        self.__doc__ = forward.__doc__

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __get__(self, tensor: Tensor | None, owner: type) -> Any:
        """As a method: `x.exp()` is `exp(x)`."""
        return self if tensor is None else MethodType(self, tensor)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        arrays, tensors = _unpack(args)
        if self.broadcasts or self.floats:
            arrays = self._promoted(arrays)
        try:
            out, cache = self.forward(*arrays, **settings)
        except (ValueError, TypeError, IndexError) as error:
            if self.is_ours:
                raise _in_our_words(error, self.name, arrays) from None
            error.add_note(f"in the forward of {self.name}, given {_describe(arrays)}")
            raise
        outs = out if type(out) is tuple else (out,)
        outs = tuple(o if is_array(o) else np.asarray(o) for o in outs)  # NumPy turns 0-d results into scalars
        results = tuple(Tensor(o) for o in outs)
        if self.view and array_module(arrays[0]).may_share_memory(results[0].array, arrays[0]):
            results[0]._memory = tensors[0]._memory
        if state.grad_enabled and any(t is not None and t._requires_grad for t in tensors):
            self._record(tensors, results, cache)
        return results if type(out) is tuple else results[0]

    def _promoted(self, arrays: list) -> list:
        """The arrays in the operation's common dtype, by PyTorch's rules; numbers stay numbers."""
        dtypes = {a.dtype for a in arrays if is_array(a)}
        if len(dtypes) == 1 and next(iter(dtypes)).kind == "f":
            return arrays
        common = result_type(*[a for a in arrays if a is not None])
        if self.floats and not is_float(common):
            common = float32
        return [a.astype(common, copy=False) if is_array(a) else a for a in arrays]

    def _record(self, tensors: Sequence[Tensor | None], results: tuple[Tensor, ...], cache: Any) -> None:
        """Leave a record on the tape, and hang the floating-point results on it."""
        record = Record(
            self,
            tuple((t._edge or (t, 0)) if t is not None and t._requires_grad else None for t in tensors),
            tuple(t.array.shape if t is not None else None for t in tensors),
            tuple(t.array.dtype if t is not None else None for t in tensors),
            tuple((r.array.shape, r.array.dtype) for r in results),
            cache,
            tuple([t._memory for t in tensors if t is not None] + [r._memory for r in results]),
        )
        for i, result in enumerate(results):
            if is_float(result.array.dtype):
                result._edge = (record, i)
                result._requires_grad = True
        for listening in state.tapes:
            listening.records.append(record)
        if state.tapes:
            record.kept = Kept(tuple(r.array for r in results))

    def gradients(self, dout: Any, record: Record) -> list[Array | None]:
        """Called by the tape: one gradient for each argument of `record`, in its shape and dtype."""
        try:
            if self.takes_needs:
                inward = self.backward(dout, record.cache, needs=record.needs)
            else:
                inward = self.backward(dout, record.cache)
        except Exception as error:
            error.add_note(f"in the backward of {record}")
            raise
        inward = inward if type(inward) in (tuple, list) else (inward,)
        if len(inward) != len(record.sources):
            raise RuntimeError(
                f"{self.name}_backward: expected {len(record.sources)} gradients, one for each argument (None where "
                f"there is none), got {len(inward)}, for {record}."
            )
        return [
            None if edge is None or gradient is None else self._fit(gradient, i, record)
            for i, (edge, gradient) in enumerate(zip(record.sources, inward, strict=True))
        ]

    def _fit(self, gradient: Array, i: int, record: Record) -> Array:
        """The gradient of argument `i`, summed over broadcast axes and in the argument's dtype."""
        shape, dtype = record.shapes[i], record.dtypes[i]
        if gradient.shape != shape:
            if not self.broadcasts:
                raise ShapeError(
                    f"{self.name}_backward: the gradient of argument {i} must have the argument's shape {shape}, got "
                    f"{gradient.shape}, for {record}."
                )
            gradient = unbroadcast(gradient, shape)
        return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def differentiable(
    forward: Callable, backward: Callable, *, name: str | None = None, broadcasts: bool = False
) -> Op:
    """Make an op from a pair of plain functions over arrays.

    forward(*arrays, **settings) -> (out, cache); backward(dout, cache) -> one gradient for each array, in their order: a
    bare array for one, a tuple for more, None for an argument that has none. Several outputs: `out` is a tuple, and
    `dout` one too, with None where nothing flows. `backward` may take `needs=`, a tuple of bools: whose gradients are
    wanted. The pair must be pure: it changes none of its arguments.

    broadcasts: the op broadcasts its arguments, so gradients are to be summed back to their shapes. Without it a
        gradient of another shape than its argument's is an error.

    >>> cube = mg.differentiable(lambda x: (x**3, x), lambda dout, x: dout * 3 * x**2, name="cube")
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    tensor(12.)
    """
    return Op(forward, backward, name=name, broadcasts=broadcasts)


def _unpack(args: tuple) -> tuple[list, list[Tensor | None]]:
    """Arrays for forward, and the tensors behind them (None for numbers and the like), lists flattened."""
    arrays: list = []
    tensors: list[Tensor | None] = []
    for arg in args:
        if isinstance(arg, Tensor):
            arrays.append(arg.array)
            tensors.append(arg)
        elif isinstance(arg, (list, tuple)):
            inner_arrays, inner_tensors = _unpack(tuple(arg))
            arrays.append(inner_arrays)
            tensors += inner_tensors
        else:
            arrays.append(arg.item() if isinstance(arg, np.generic) else arg)
            tensors.append(Tensor(arg) if is_array(arg) else None)
    return arrays, tensors


def _in_our_words(error: Exception, name: str, arrays: list) -> Exception:
    """NumPy's complaint, or a pair's own, with the op, the operands and the layer in front."""
    message = str(error)
    if not message.startswith(f"{name}:"):
        message = f"{name}: {message.rstrip('.')}. Got {_describe(arrays)}."
    if state.module:
        message = f"{state.module}: {message}"
    kind = ShapeError if type(error) is ValueError else DtypeError if type(error) is TypeError else type(error)
    return kind(message)


def _describe(operands: list) -> str:
    """`float32 (3, 4), 2.0`."""
    return ", ".join(
        f"{x.dtype} {x.shape}" if is_array(x) else f"[{_describe(x)}]" if isinstance(x, list) else repr(x)
        for x in operands
    )
