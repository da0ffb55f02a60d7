"""The lift: what turns a pair of plain functions over arrays into an op on Tensors.

It is all there is between the mathematics (`ops`: arrays only) and the tape (records only). Forward: take the arrays
out of the tensors, run the pair's forward, wrap the result, leave a record. Backward: run the pair's backward, and see
to what is the same for every op. Broadcast axes are summed, dtypes are those of the arrays, and a gradient of the wrong
shape is an error: a student's unsummed `db` is not healed in silence.
"""

from __future__ import annotations

import inspect
import sys
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
        needs: list = []
        dtype, one_dtype = None, True
        for arg in args:
            if isinstance(arg, Tensor):
                value, edge, needed = arg._value, arg._edge, arg._requires_grad
                if edge is None:  # of a leaf; made anew each time, since kept with the tensor it would be a circle
                    edge = (arg if needed else None, 0, value.shape, value.dtype)
                values.append(value)
                sources.append(edge)
                needs.append(needed)
                if dtype is not edge[3]:
                    one_dtype = dtype is None
                    dtype = edge[3]
            elif type(arg) is float or type(arg) is int:
                values.append(arg)
                sources.append(None)
                needs.append(False)
            else:
                one_dtype = False
                _take_in(arg, values, sources, needs)
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
        results = (Tensor(out),) if type(out) is not tuple else tuple([Tensor(one) for one in out])
        if True in needs and state.grad_enabled:
            record = Record(self, sources, needs, len(results), cache, sys._getframe(1))
            for i, result in enumerate(results):
                value = result._value
                dtype = value.dtype
                if dtype.kind == "f":  # indices and the like have no gradient
                    result._edge = (record, i, value.shape, dtype)
                    result._requires_grad = True
            if state.tapes:
                _keep(record, results)
        return results if type(out) is tuple else results[0]

    def gradients(self, dout: Any, record: Record) -> Sequence[Array | None]:
        """Called by the tape: one gradient for each argument of `record`, in its shape and dtype."""
        sources = record.sources
        try:
            if self.takes_needs:
                inward = self.backward(dout, record.cache, needs=tuple(record.needs))
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
        for edge, needed, gradient in zip(sources, record.needs, inward, strict=True):
            if needed and gradient is not None and (gradient.shape != edge[2] or gradient.dtype is not edge[3]):
                return [self._fit(gradient, i, record) for i, gradient in enumerate(inward)]
        return inward

    def _check_arrays(self, inward: Sequence) -> None:
        for gradient in inward:
            if gradient is not None and not hasattr(gradient, "dtype"):
                kind = type(gradient).__name__
                raise TypeError(f"{self.name}_backward: a gradient must be an array, got {kind} ({gradient!r}).")

    def _fit(self, gradient: Array | None, i: int, record: Record) -> Array | None:
        """The gradient of argument `i`, summed over broadcast axes and in the argument's dtype."""
        if gradient is None or not record.needs[i]:
            return None
        shape, dtype = record.sources[i][2:]
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


def _take_in(arg: Any, values: list, sources: list, needs: list) -> None:
    """Unpack an argument that is no Tensor: a list of tensors, an array, or something that is passed on as it is."""
    if isinstance(arg, (list, tuple)):
        tensors = [member if isinstance(member, Tensor) else Tensor(as_array(member)) for member in arg]
        values.append([tensor.array for tensor in tensors])
        sources += [tensor.edge for tensor in tensors]
        needs += [tensor.requires_grad for tensor in tensors]
        return
    values.append(arg.item() if isinstance(arg, np.generic) else arg)  # NumPy's scalars count as Python numbers
    sources.append((None, 0, arg.shape, arg.dtype) if is_array(arg) else None)
    needs.append(False)


def _keep(record: Record, results: tuple[Tensor, ...]) -> None:
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
