"""The lift: what turns a pair of plain functions over arrays into an op on Tensors.

It is all there is between the mathematics (`ops`: arrays only) and the tape (records only). Forward: take the arrays
out of the tensors, run the pair's forward, wrap the result, leave a record. Backward: run the pair's backward, and see
to what is the same for every op. Broadcast axes are summed, dtypes are those of the arrays, and a gradient of the wrong
shape is an error: a student's unsummed `db` is not healed in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from minigrad.backend import Array, DtypeError, ShapeError, float32, is_array, is_float, result_type
from minigrad.ops.shape import unbroadcast
from minigrad.tape import Kept, Record, state
from minigrad.tensor import Tensor, as_array


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
    ) -> None:
        self.forward = forward
        self.backward = backward
        self.name = name or forward.__name__.removesuffix("_forward")
        self.broadcasts = broadcasts
        self.floats = floats
        self.promotes = broadcasts or floats
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
        values: list = []
        sources: list = []
        wanted, dtype, one_dtype = False, None, True
        for arg in args:
            if isinstance(arg, Tensor):
                edge = arg._edge or arg._loose_edge()
                values.append(arg._value)
                sources.append(edge)
                wanted = wanted or arg._requires_grad
                if dtype is not edge[3]:
                    one_dtype = dtype is None
                    dtype = edge[3]
            elif type(arg) is float or type(arg) is int:
                values.append(arg)
                sources.append(None)
            else:
                one_dtype = False
                wanted = _take_in(arg, values, sources) or wanted
        if self.promotes and not (one_dtype and dtype is not None and dtype.kind == "f"):
            values = _promoted(values, self.floats)
        try:
            out, cache = self.forward(*values, **settings)
        except (ValueError, TypeError, IndexError) as error:
            if self.is_ours:
                raise _in_our_words(error, self.name, values) from None
            error.add_note(f"in the forward of {self.name}, given {_describe(values)}")
            raise
        if not self.is_ours:  # a user's pair may return a number for a 0-d array
            out = tuple([as_array(one) for one in out]) if type(out) is tuple else as_array(out)
        if not (wanted and state.grad_enabled):
            return tuple([Tensor(one) for one in out]) if type(out) is tuple else Tensor(out)
        record = Record(self, sources, cache)
        results = [_hang(one, record, i) for i, one in enumerate(out if type(out) is tuple else (out,))]
        if state.tapes:
            _keep(record, results)
        return tuple(results) if type(out) is tuple else results[0]

    def gradients(self, dout: Any, record: Record) -> Sequence[Array | None]:
        """Called by the tape: one gradient for each argument of `record`, in its shape and dtype."""
        sources = record.sources
        try:
            if self.takes_needs:
                inward = self.backward(dout, record.cache, needs=record.needs)
            else:
                inward = self.backward(dout, record.cache)
        except Exception as error:
            error.add_note(f"in the backward of {record}")
            raise
        if type(inward) is not tuple:
            inward = tuple(inward) if isinstance(inward, list) else (inward,)
        if len(inward) != len(sources):
            raise RuntimeError(
                f"{self.name}_backward: expected {len(sources)} gradients, one for each argument (None where "
                f"there is none), got {len(inward)}, for {record}."
            )
        if not self.is_ours:
            self._check_arrays(inward)
        for edge, gradient in zip(sources, inward):  # noqa: B905 (their lengths were just compared)
            if edge is None or edge[0] is None or gradient is None:
                continue
            if gradient.shape != edge[2] or gradient.dtype is not edge[3]:
                return [self._fit(gradient, i, record) for i, gradient in enumerate(inward)]
        return inward

    def _check_arrays(self, inward: Sequence) -> None:
        for gradient in inward:
            if gradient is not None and not hasattr(gradient, "dtype"):
                kind = type(gradient).__name__
                raise TypeError(f"{self.name}_backward: a gradient must be an array, got {kind} ({gradient!r}).")

    def _fit(self, gradient: Array | None, i: int, record: Record) -> Array | None:
        """The gradient of argument `i`, summed over broadcast axes and in the argument's dtype."""
        edge = record.sources[i]
        if gradient is None or edge is None or edge[0] is None:
            return None
        shape, dtype = edge[2:]
        if gradient.shape != shape:
            if not self.broadcasts:
                raise ShapeError(
                    f"{self.name}_backward: the gradient of argument {i} must have the argument's shape {shape}, got "
                    f"{gradient.shape}, for {record}."
                )
            gradient = unbroadcast(gradient, shape)
        return gradient.astype(dtype, copy=False)


def differentiable(forward: Callable, backward: Callable, *, name: str | None = None, broadcasts: bool = False) -> Op:
    """Make an op from a pair of plain functions over arrays.

    forward(*arrays, **settings) -> (out, cache).
    backward(dout, cache) -> one gradient for each array, in their order: a bare array for one, a tuple for more, None
        for an argument that has none. It may take `needs=`, a tuple of bools: whose gradients are wanted.
    Several outputs: `out` is a tuple, and `dout` one too, with None where nothing flows.
    The pair must be pure: it changes none of its arguments.

    broadcasts: the op broadcasts its arguments, so gradients are to be summed back to their shapes. Without it a
        gradient of another shape than its argument's is an error.

    >>> cube = mg.differentiable(lambda x: (x**3, x), lambda dout, x: dout * 3 * x**2, name="cube")
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    tensor(12.)
    """
    return Op(forward, backward, name=name, broadcasts=broadcasts)


def _take_in(arg: Any, values: list, sources: list) -> bool:
    """Unpack an argument that is no Tensor: a list of them, an array, a number. True if a gradient is wanted."""
    if isinstance(arg, (list, tuple)):
        tensors = [member if isinstance(member, Tensor) else Tensor(as_array(member)) for member in arg]
        values.append([tensor.array for tensor in tensors])
        sources += [tensor._edge or tensor._loose_edge() for tensor in tensors]
        return any(tensor.requires_grad for tensor in tensors)
    values.append(arg.item() if isinstance(arg, np.generic) else arg)  # NumPy's scalars count as Python numbers
    sources.append((None, 0, arg.shape, arg.dtype) if is_array(arg) else None)
    return False


def _hang(out: Array, record: Record, i: int) -> Tensor:
    """Output `i` of `record` as a Tensor that leads back to it."""
    result = Tensor(out)
    edge = (record, i, out.shape, out.dtype)
    record.outputs += (edge[2:],)
    if edge[3].kind == "f":  # indices and the like have no gradient
        result._edge = edge
        result._requires_grad = True
    return result


def _keep(record: Record, results: list[Tensor]) -> None:
    """For the tapes that are listening: the record, with the values of its outputs."""
    record.kept = Kept(tuple(tensor.array for tensor in results), record.saved_bytes)
    for tape in state.tapes:
        tape.records.append(record)


def _promoted(values: list, floats: bool) -> list:
    """The arrays in the operation's common dtype, by PyTorch's rules. Numbers stay numbers: they are weak."""
    arrays = [value for value in values if hasattr(value, "dtype")]
    dtype = arrays[0].dtype
    if dtype.kind == "f" and all(array.dtype is dtype for array in arrays):
        return values
    common = result_type(*[value for value in values if value is not None])
    if floats and not is_float(common):
        common = float32
    return [value.astype(common) if hasattr(value, "dtype") else value for value in values]


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
