"""`detect_anomaly`: stop at the first op that makes a NaN or Inf, forward or backward, and say why it probably did.

A NaN shows up in the loss hundreds of lines after its cause. Inside `with detect_anomaly():` every result and every
gradient is looked at as it is made. That costs time, so it is for looking for a fault, not for training.

It also finds what is changed between forward and backward. Tensor ops that change a tensor note it, and backward
always notices; a raw array, or a NumPy view taken earlier, notes nothing. So here a fingerprint is taken of every array
that an op keeps for its backward, and compared when backward comes to it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.backend import Array, array_module, is_array, to_host
from minigrad.tape import Record, arrays_in, line_at, state, users_frame


class detect_anomaly:
    """Inside `with detect_anomaly():` the first op whose result or gradient is not finite raises a RuntimeError, and so
    does backward where an array that an op kept for it (inside, too) was changed by whatever means.

    An Inf is let pass where an argument held one already (a mask of -inf is usual), a NaN never. `check_nan=False`
    turns the search off again, for a part.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._on = bool(check_nan)
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._before.append(state.here.anomaly)
        state.here.anomaly = _Watch() if self._on else None

    def __exit__(self, *exception: object) -> None:
        state.here.anomaly = self._before.pop()


class set_detect_anomaly(detect_anomaly):
    """Turn the search on or off, at once; as `with set_detect_anomaly(mode):` until the end of the block."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(mode and check_nan)
        self._at_call = state.here.anomaly
        state.here.anomaly = _Watch() if self._on else None

    def __enter__(self) -> None:
        super().__enter__()
        self._before[-1] = self._at_call


def is_anomaly_enabled() -> bool:
    """Whether NaN and Inf are looked for, in this thread."""
    return state.here.anomaly is not None


class _Watch:
    """What the lift and the tape call while the search is on."""

    def look_at_forward(self, name: str, arguments: Sequence[Any], out: Any) -> None:
        """Raise if `out`, which the op made of `arguments`, holds the first NaN or Inf."""
        before = [part for argument in arguments for part in _parts(argument)]
        for result in _parts(out):
            found = _found(result, before)
            if found:
                module = f" in {state.here.module}" if state.here.module else ""
                cause = _seen_before(before) or _forward_cause(name, arguments) or _overflow(before)
                raise RuntimeError(
                    f"{name}: the result holds {found}{module}, at {_users_line()}. Likely cause: {cause}."
                )

    def remember(self, record: Record) -> None:
        """Take the fingerprints of what the op keeps for backward."""
        record.fingerprints = [_fingerprint(array) for array in arrays_in(record.cache)]

    def look_before(self, record: Record, dout: Any) -> None:
        """Raise if an array that the op kept is not what it was after forward."""
        if record.fingerprints is None:  # made while nobody looked
            return
        for array, before in zip(arrays_in(record.cache), record.fingerprints, strict=True):
            if _fingerprint(array) != before:
                raise RuntimeError(
                    f"{record.op.name}: an array that its backward needs ({array.dtype} {array.shape}) was changed "
                    f"after the forward of {record}, through a raw array or a NumPy view. Change a copy (clone()), or "
                    "call backward first."
                )

    def look_at_backward(self, record: Record, dout: Any, inward: Sequence[Array | None]) -> None:
        """Raise if a gradient that the op made of `dout` holds the first NaN or Inf."""
        name, arrived = record.op.name, _parts(dout)
        for i, gradient in enumerate(inward):
            found = "" if gradient is None or not record.wants[i] else _found(gradient, arrived)
            if found:
                cause = _seen_before(arrived) or BACKWARD.get(name) or _overflow([*arrived, *arrays_in(record.cache)])
                raise RuntimeError(
                    f"{name}: in backward, at {_users_line()}, the gradient of argument {i} holds {found}. "
                    f"The forward was {record}. Likely cause: {cause}."
                )


def _fingerprint(array: Array) -> int:
    """A checksum of the bytes: one changed array in four thousand million goes unnoticed."""
    return zlib.crc32(np.ascontiguousarray(to_host(array)).tobytes())


def _parts(thing: Any) -> list[Any]:
    """The arrays and numbers among an op's arguments or results."""
    if isinstance(thing, (list, tuple)):
        return [part for member in thing for part in _parts(member)]
    return [thing] if isinstance(thing, float) or getattr(thing, "dtype", None) is not None else []


def _found(result: Any, before: list[Any]) -> str:
    """The NaN or Inf in `result`, in words; "" if there is none, or only an Inf where there was one before."""
    nans, infs = _count(result, "isnan"), _count(result, "isinf")
    if not nans and (not infs or any(_count(part, "isinf") for part in before)):
        return ""
    kind, count = ("NaN", nans) if nans else ("Inf", infs)
    return f"{kind} ({count} of {getattr(result, 'size', 1)} elements)"


def _count(part: Any, what: str) -> int:
    if getattr(part, "dtype", None) is not None and part.dtype.kind != "f":
        return 0
    return int(getattr(array_module(part), what)(part).sum())


def _users_line() -> str:
    frame = users_frame()
    return line_at(frame.f_code.co_filename, frame.f_lineno)


# -- likely causes -----------------------------------------------------------------------------------------------------

# What went wrong in forward: for some elements of the arguments this is true, and this is what to say of it.
FORWARD: dict[str, list[tuple[Callable, str]]] = {
    "log": [(lambda x: x == 0, "the log of 0 is -inf"), (lambda x: x < 0, "the log of a negative number is NaN")],
    "log1p": [(lambda x: x <= -1, "log(1 + x) needs x > -1")],
    "sqrt": [(lambda x: x < 0, "the square root of a negative number is NaN")],
    "rsqrt": [(lambda x: x == 0, "1/√0 is a division by 0"), (lambda x: x < 0, "the root of a negative number is NaN")],
    "reciprocal": [(lambda x: x == 0, "division by 0")],
    "div": [(lambda x, y: (y == 0) & (x == x), "division by 0")],
    "pow": [
        (lambda x, y: (x == 0) & (y < 0), "0 to a negative power is a division by 0"),
        (lambda x, y: (x < 0) & (y % 1 != 0), "a negative number to a fractional power is NaN"),
    ],
    "exp": [(lambda x: x > 11, "exp overflows (float16 above 11, float32 above 88, float64 above 709)")],
}
FORWARD["log2"] = FORWARD["log10"] = FORWARD["log"]
FORWARD["expm1"] = FORWARD["exp2"] = FORWARD["sinh"] = FORWARD["cosh"] = FORWARD["exp"]

BACKWARD: dict[str, str] = {
    "sqrt": "the slope of √x, 1/(2√x), is infinite at x = 0; add a small number under the root",
    "rsqrt": "the slope of 1/√x is infinite at x = 0; add a small number under the root",
    "log": "the slope of log x, 1/x, is infinite at x = 0; add a small number, or use log_softmax",
    "div": "division by 0, or by a number so small that its square is 0",
    "reciprocal": "the slope of 1/x, -1/x², is infinite at x = 0",
    "pow": "the slope of x to the power y is infinite at x = 0 for y < 1",
}
BACKWARD["log2"] = BACKWARD["log10"] = BACKWARD["log"]


def _seen_before(before: list[Any]) -> str:
    if any(_count(part, "isnan") for part in before):
        return "a NaN came in: it was there before this op, as in the data or the upstream gradient"
    if any(_count(part, "isinf") for part in before):
        return "an Inf came in, and Inf - Inf, 0 * Inf or Inf / Inf is NaN"
    return ""


def _forward_cause(name: str, arguments: Sequence[Any]) -> str:
    for fault, text in FORWARD.get(name, []):
        found = fault(*arguments)
        faults = to_host(found) if is_array(found) else np.asarray(found)
        if faults.any():
            return f"{text} ({faults.sum()} of {faults.size} elements)"
    return ""


def _overflow(parts: list[Any]) -> str:
    largest = max((float(abs(part).max()) for part in parts if getattr(part, "size", 0)), default=0.0)
    return f"overflow; the largest number that it worked with is {largest:.3g}"
