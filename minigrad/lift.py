"""The lift: what turns a pair of plain functions over arrays into an op on Tensors.

It is all there is between the mathematics (`ops`: arrays only) and the tape (records only). Forward: take the arrays
out of the tensors, run the pair's forward, wrap the result, leave a record. Backward: run the pair's backward, and see
to what is the same for every op. Broadcast axes are summed, dtypes are those of the arrays, and a gradient of the wrong
shape is an error: a student's unsummed `db` is not healed in silence.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.backend import (
    Array,
    DeviceError,
    DtypeError,
    Number,
    ShapeError,
    choice,
    get_default_dtype,
    is_array,
    is_float,
    mixed_devices,
    result_type,
)
from minigrad.kinds import look_at, misfit, name_of
from minigrad.ops.shape import unbroadcast
from minigrad.tape import Kept, Output, Record, state
from minigrad.tensor import Leaf, Tensor, as_array


def differentiable(
    forward: Callable,
    backward: Callable,
    *,
    name: str | None = None,
    broadcasts: bool = False,
    floats: bool = False,
    words: tuple[str, ...] = (),
) -> Callable:
    """Make an op on Tensors, a function (and method), from a pair of plain functions over arrays.

    forward(*arrays, **settings) -> (out, cache).
    backward(dout, cache) -> one gradient for each array, in their order: a bare array for one, a tuple for more, None
        for an argument that has none. It may take `needs=`, a tuple of bools: whose gradients are wanted.
    Several outputs: `out` is a tuple, and `dout` one too, with None where nothing flows.
    The pair must be pure: it changes none of its arguments.

    The op takes Tensors, arrays, numbers, None, or a list of tensors (which counts as its tensors) by position, and
    settings by keyword.

    name: what errors and tables call it; by default the name of `forward` without "_forward".
    broadcasts: the op broadcasts its arguments, so gradients are to be summed back to their shapes. Without it a
        gradient of another shape than its argument's is an error.
    floats: the op makes no sense on integers, so they are read as float32 first.
    words: by which the arguments may be given, too, in their order.

    >>> cube = mg.differentiable(lambda x: (x**3, x), lambda dout, x: dout * 3 * x**2, name="cube")
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    tensor(12.)
    """
    if not (callable(forward) and callable(backward)):
        raise TypeError(f"differentiable: expected two functions, forward and backward, got {forward!r}, {backward!r}.")
    op = Op(forward, backward, name or forward.__name__.removesuffix("_forward"), broadcasts)
    promotes, takes_scalars, forward = broadcasts or floats, op.takes_scalars, op.forward

    def apply(*args: Any, **settings: Any) -> Any:
        if settings and words:
            args = (*args, *[settings.pop(word) for word in words[len(args) :] if word in settings])
            if not args:
                raise TypeError(f"{_place()}{op.name}: expected at least one Tensor, got nothing but settings.")
        values: list = []
        sources: list = []
        wants: list = []  # for each argument, whether its gradient is wanted
        dtype, one_dtype = None, True
        for arg in args:
            if isinstance(arg, Tensor):
                node = arg._node or arg.node
                value = arg._value
                if not node.shape:
                    if not takes_scalars:
                        value = arg.array
                    elif type(value) is np.ndarray:
                        value = value[()]
                values.append(value)
                sources.append(node)
                wants.append(node.needs)
                if dtype is not node.dtype:
                    one_dtype = one_dtype and dtype is None
                    dtype = node.dtype
            elif type(arg) is float or type(arg) is int:
                values.append(arg)
                sources.append(NO_ARRAY)
                wants.append(False)
            else:
                one_dtype = False
                _take_in(arg, values, sources, wants)
        if promotes and not (one_dtype and dtype is not None and dtype.kind == "f"):
            values = _promoted(values, floats, op.name)
        if choice.changed and op.name != "copy" and (elsewhere := mixed_devices(op.name, values)):
            raise elsewhere
        try:
            out, cache = forward(*values, **settings)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError, RuntimeWarning) as error:
            raise op.explained(error, values, settings) from None
        here = state.here
        if here.anomaly is not None:
            here.anomaly.look_at_forward(op.name, values, out)
        several = type(out) is tuple
        if not (True in wants and here.grad_enabled):
            return tuple([Tensor(one) for one in out]) if several else Tensor(out)
        first = out[0] if several else out
        record = Record(op, sources, wants, cache, first.shape, first.dtype, here.module, sys._getframe(1))
        if here.anomaly is not None:
            here.anomaly.remember(record)
        result = Tensor(first)
        if record.dtype.kind == "f":  # indices and the like have no gradient
            result._node = record
        if here.tapes:
            _keep(record, values, settings, out)
        return (result, *_other_outputs(record, out)) if several else result

    apply.__name__ = apply.__qualname__ = op.name
    apply.__doc__ = forward.__doc__
    apply.__wrapped__ = forward  # type: ignore[attr-defined]  # whose signature help() shows
    apply.op = op  # type: ignore[attr-defined]  # what stands behind the function, for those who look from outside
    return apply


_MOVERS = ("minigrad.ops.shape", "minigrad.ops.indexing")


class Op:
    """A pair with a name: what a record knows of how to go back.

    is_ours: it is one of `minigrad.ops`, whose pairs are known to keep the contract. A user's is held to it.
    takes_scalars: it is given NumPy's scalars for 0-d arrays, with which NumPy calculates ten times faster. Not so a
        user's pair, which was written for arrays, and ours that move elements, whose results are views.
    """

    def __init__(self, forward: Callable, backward: Callable, name: str, broadcasts: bool) -> None:
        self.is_ours = (forward.__module__ or "").startswith("minigrad.ops.")
        self.takes_scalars = self.is_ours and forward.__module__ not in _MOVERS
        self.forward = forward if self.is_ours else _checked(forward, name)
        self.backward = backward
        self.name = name
        self.broadcasts = broadcasts
        self.takes_needs = takes(backward, "needs")

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def gradients(self, dout: Any, record: Record) -> Sequence[Array | None]:
        """Called by the tape: what backward returns, one gradient for each argument of `record`."""
        if not self.is_ours:
            dout = (
                tuple([None if one is None else as_array(one) for one in dout]) if record.count > 1 else as_array(dout)
            )
        try:
            if self.takes_needs:
                inward = self.backward(dout, record.cache, needs=tuple(record.wants))
            else:
                inward = self.backward(dout, record.cache)
        except Exception as error:
            error.add_note(f"in the backward of {record}")
            raise
        if type(inward) is not tuple:
            inward = tuple(inward) if isinstance(inward, (list, tuple)) else (inward,)
        if not self.is_ours:
            self._check(inward, record)
        return inward

    def fit(self, gradient: Array, i: int, record: Record) -> Array:
        """Called by the tape for a gradient that does not have the shape and dtype of argument `i`: it gets them."""
        source = record.sources[i]
        if gradient.shape != source.shape:
            if not self.broadcasts:
                raise ShapeError(
                    f"{self.name}_backward: the gradient of argument {i} must have the argument's shape "
                    f"{source.shape}, got {gradient.shape}, for {record}."
                )
            gradient = unbroadcast(gradient, source.shape)
        return gradient.astype(source.dtype, copy=False)

    def _check(self, inward: Sequence, record: Record) -> None:
        """Raise unless a backward returned one array, or None, for each argument."""
        count = len(record.sources)
        if len(inward) != count:
            raise RuntimeError(
                f"{self.name}_backward: expected {count} gradient{'s' * (count > 1)}, one an argument (None where "
                f"there is none), got {len(inward)}, for {record}."
            )
        for gradient in inward:
            if gradient is not None and not (is_array(gradient) or isinstance(gradient, np.generic)):
                kind = type(gradient).__name__
                raise TypeError(f"{self.name}_backward: a gradient must be an array, got {kind} ({gradient!r}).")

    def explained(self, error: Exception, values: list, settings: dict[str, Any]) -> Exception:
        """An error of forward, with what was given: in our own words for our own ops, with a note for a user's."""
        if isinstance(error, DeviceError):
            return error
        if isinstance(error, (TypeError, RuntimeWarning)):
            mixed = mixed_devices(self.name, [*values, *settings.values()])
            if mixed is not None or isinstance(error, RuntimeWarning):
                return mixed or error
        if self.is_ours:
            wrong_kind = misfit(_place() + self.name, self.forward, (), settings)
            return self._misfit(error) or wrong_kind or _in_our_words(error, self.name, values)
        error.add_note(f"in the forward of {self.name}, given {_describe(values)}")
        return error

    def _misfit(self, error: Exception) -> TypeError | None:
        """Python's complaint of arguments that do not fit forward, in the op's name; None if `error` is another."""
        called, told = f"{self.forward.__qualname__}() ", str(error)
        return TypeError(f"{_place()}{self.name}() {told.removeprefix(called)}") if told.startswith(called) else None


def takes(function: Callable, parameter: str) -> bool:
    """Whether `function` has a parameter of this name. A plain function can be asked faster than with `inspect`."""
    code = getattr(function, "__code__", None)
    if code is None:
        return parameter in inspect.signature(function).parameters
    return parameter in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _checked(forward: Callable, name: str) -> Callable:
    """A user's forward, whose results are made arrays (a sum may be a Python number)."""

    @functools.wraps(forward)
    def checked(*values: Any, **settings: Any) -> tuple[Any, Any]:
        result = forward(*values, **settings)
        if not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(f"{name}_forward: expected it to return (out, cache), got {type(result).__name__}.")
        out, cache = result
        return (tuple(map(as_array, out)) if isinstance(out, tuple) else as_array(out)), cache

    return checked


class _NoArray:
    """The source of an argument that is no array: a number, None."""

    needs = False
    shape = None


NO_ARRAY = _NoArray()


def _take_in(arg: Any, values: list, sources: list, wants: list) -> None:
    """Unpack an argument that is no Tensor: a list of them, an array, or something that is passed on as it is."""
    if isinstance(arg, (list, tuple)):
        tensors = [member if isinstance(member, Tensor) else Tensor(as_array(member)) for member in arg]
        values.append([tensor.array for tensor in tensors])
        sources += [tensor.node for tensor in tensors]
        wants += [tensor.requires_grad for tensor in tensors]
        return
    values.append(arg.item() if isinstance(arg, np.generic) else arg)  # NumPy's scalars count as Python numbers
    sources.append(Leaf(arg, needs=False) if is_array(arg) else NO_ARRAY)
    wants.append(False)


def _other_outputs(record: Record, outs: tuple) -> list[Tensor]:
    """The outputs after the first, as Tensors that lead back to the record."""
    record.count, record.is_plain = len(outs), False
    results = [Tensor(out) for out in outs[1:]]
    for i, result in enumerate(results, start=1):
        if is_float(result.dtype):
            result._node = Output(record, i, result.shape, result.dtype)
    return results


def _keep(record: Record, values: list, settings: dict[str, Any], out: Array | tuple[Array, ...]) -> None:
    """For the tapes that are listening: the record, with the values of its arguments and outputs."""
    record.is_plain = False
    arrays = tuple(map(as_array, out if type(out) is tuple else (out,)))
    record.kept = Kept(tuple(values), settings, arrays, record.saved_bytes)
    for tape in state.here.tapes:
        tape.records.append(record)


def _promoted(values: list, floats: bool, name: str) -> list:
    """The arrays in the operation's common dtype, by PyTorch's rules. Numbers stay numbers: they are weak."""
    arrays = [value for value in values if hasattr(value, "dtype")]
    if not all(value is None or isinstance(value, Number) for value in values if not hasattr(value, "dtype")):
        raise TypeError(f"{name}: expected tensors and numbers, got {_describe(values)}.")
    if not arrays:
        raise TypeError(f"{name}: expected at least one Tensor, got {_describe(values)}.")
    dtype = arrays[0].dtype
    if dtype.kind == "f" and all(array.dtype is dtype for array in arrays):
        return values
    common = result_type(*[value for value in values if value is not None])
    if floats and not is_float(common):
        common = get_default_dtype()
    return [value.astype(common, copy=False) if hasattr(value, "dtype") else value for value in values]


def _in_our_words(error: Exception, name: str, arrays: list) -> Exception:
    """NumPy's complaint, or a pair's own, with the op, the operands and the layer in front."""
    message = str(error)
    if isinstance(error, AttributeError) or "NoneType" in message:
        return not_tensors(name, *arrays)
    if not any(hasattr(value, "dtype") or isinstance(value, list) for value in arrays):
        return TypeError(f"{_place()}{name}: expected at least one Tensor, got {_describe(arrays)}.")
    if "broadcast" in message and isinstance(error, ValueError) and not message.startswith(f"{name}:"):
        message = "the shapes do not broadcast: from the right, lengths must be equal, or one of them 1"
    if not message.startswith(f"{name}:"):
        message = re.sub(r"^\w+: ", "", message)  # the name of a pair that this one calls, or of NumPy's function
        message = f"{name}: {message.rstrip('.')}. Got {_describe(arrays)}."
    kinds = {IndexError: IndexError, TypeError: DtypeError, OverflowError: OverflowError, ValueError: ShapeError}
    return next(ours for theirs, ours in kinds.items() if isinstance(error, theirs))(_place() + message)


def not_tensors(name: str, *given: Any) -> TypeError:
    """The error of an op that was given something without a shape: a list, or None."""
    plain = (list, tuple, str)
    got = ", ".join(f"a {type(one).__name__}" if isinstance(one, plain) else _describe([one]) for one in given)
    nothing = " A function, such as a forward, gives None if it has no return." if given[0] is None else ""
    return TypeError(f"{_place()}{name}: expected Tensors, got {got}.{nothing}")


def of_tensors(function: Callable) -> Callable:
    """Let a function, which calls others, answer for its errors: see `answer`.

    That costs a call more, so those that are called often leave it to their ops.
    """

    @functools.wraps(function)
    def called(*args: Any, **settings: Any) -> Any:
        try:
            return function(*args, **settings)
        except Exception as error:
            answer(error, called, args, settings)
            raise

    return called


def answer(error: Exception, function: Callable, args: tuple, settings: dict[str, Any]) -> None:
    """Let an error of a call speak in the function's own name, and of what it was given.

    Where something is no tensor, or a setting of the wrong kind, another one is raised, which says so. Else the name
    takes the place of that of the function which complained, if this is another one.
    """
    name, place = name_of(function, args), _place()
    told = no_tensor(error, name, *args, *settings.values()) if isinstance(error, AttributeError) else error
    message = str(told).removeprefix(place)
    complaining = re.match(r"[\w<>]+(?=: |\(\) (?:takes|missing|got))", message)
    if complaining is None or complaining[0] != name:
        told = misfit(place + name, function, args, settings) or told
    if told is not error:
        raise told from None
    if complaining is None and type(error) in (TypeError, ValueError, IndexError):  # Python's or NumPy's
        error.args = (f"{place}{name}: {message}",)
    elif complaining and name == function.__name__ and not _is_argument(complaining[0], function, settings):
        error.args = (place + name + message[complaining.end() :],)


def _is_argument(word: str, function: Callable, settings: dict[str, Any]) -> bool:
    """Whether a complaint begins with the name of an argument, as in "dtype: ...", rather than with a function's."""
    return word in settings or word in inspect.signature(function).parameters


def no_tensor(error: AttributeError, name: str, *given: Any) -> Exception:
    """What to raise for `error`: what lacks the attribute was given, and is no tensor, or the error is our own."""
    members = [one for argument in given if isinstance(argument, (list, tuple)) for one in argument]
    if isinstance(error.obj, Tensor) or not any(error.obj is one for one in (*given, *members)):
        return error
    return not_tensors(name, error.obj)


look_at(Tensor, lambda value: isinstance(value, (Tensor, np.generic, *Number)) or is_array(value), "a Tensor")


def _place() -> str:
    """The layer that is running, to be put in front of an error's text."""
    return f"{state.here.module}: " if state.here.module else ""


def _describe(operands: list) -> str:
    """`float32 (3, 4), 2.0`."""
    described = ", ".join(
        f"{x.dtype} {x.shape}"
        if is_array(x) or isinstance(x, Tensor)
        else f"[{_describe(x)}]"
        if isinstance(x, list)
        else repr(x)
        for x in operands
    )
    return described or "nothing"
