"""Ops run again, in float64, with one number changed: what finite differences need.

That can be done where the tape kept what each op was given, that is under `with mg.Tape():`. Nothing random is drawn
again, since a pair draws nothing: a dropout's mask is one of its arguments. A user's own forward may do otherwise. So
it is run twice, and if it does not give what it gave before, nothing is measured through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.backend import Array, float64, is_array, to_host
from minigrad.tape import Record
from minigrad.teach.rows import Row

STEP = 1e-6  # of the size of the number that is moved
OTHER_STEPS = (1e-4, 1e-9)  # where the first finds a difference: roundings ask for a larger one, kinks for a smaller
AGREE = 1e-3  # how far the gradient may lie from the slope, of their size
COARSE = 8  # roundings of the coarsest dtype, if that is more
BENT = 0.1  # how far the slopes to the left and to the right may lie apart, of their size, where there is no kink
ROUNDINGS = 32  # of the largest gradient of the pass: what cancels to 0 in exact numbers leaves so much
SURE = 0.1  # of a difference, up to which it may be the roundings of the measurement


@dataclass(frozen=True)
class Check:
    """A gradient's element `place` beside the slope that was measured there.

    verdict: "agrees", "differs", or "kink" where the slopes to the left and to the right are not the same.
    """

    place: tuple[int, ...]
    gradient: float
    slope: float
    verdict: str


def outputs(record: Record, changed: dict[int, Array] | None = None) -> list[np.ndarray]:
    """What the op of a kept record gives, in float64, with other arrays in the places `changed` of its arguments."""
    kept = record.kept
    assert kept is not None
    arguments: list[Any] = []
    place = 0
    for argument in kept.arguments:
        several = isinstance(argument, list)
        parts = [(changed or {}).get(place + i, part) for i, part in enumerate(argument if several else [argument])]
        place += len(parts)
        wide = [_wide(part, record) for part in parts]
        arguments.append(wide if several else wide[0])
    settings = {name: _wide_dtype(setting) for name, setting in kept.settings.items()}
    with np.errstate(all="ignore"):
        out, _ = record.op.forward(*arguments, **settings)
    return [np.asarray(to_host(one), float64) for one in (out if isinstance(out, tuple) else (out,))]


def answer(record: Record, dout: Any) -> list[np.ndarray | None]:
    """What the backward of a record says to `dout`. A user's is given copies, since it may change what it is given."""
    cache = record.cache
    record.cache = cache if record.op.is_ours else copied(cache)
    try:
        return [None if one is None else np.asarray(to_host(one)) for one in record.op.gradients(dout, record)]
    finally:
        record.cache = cache


def copied(thing: Any) -> Any:
    """Copies of all arrays in tuples, lists and dicts."""
    if is_array(thing):
        return thing.copy()
    if type(thing) in (tuple, list):
        return type(thing)(map(copied, thing))
    return {key: copied(one) for key, one in thing.items()} if type(thing) is dict else thing


def _wide(value: Any, record: Record) -> Any:
    """A float array in float64 (a scalar where the op is given one); anything else as it is."""
    if getattr(value, "dtype", None) is None or value.dtype.kind != "f":
        return value
    value = value.astype(float64)
    return value[()] if record.op.takes_scalars and not value.shape else value


def _wide_dtype(setting: Any) -> Any:
    """The dtype that `x.half()` is told, widened like all numbers here: it would round a small step away."""
    return float64 if isinstance(setting, np.dtype) and setting.kind == "f" else setting


def _repeats(record: Record) -> bool:
    """Whether the op of a kept record, run again, gives what it gave: true of our own, and asked of a user's."""
    if record.op.is_ours:
        return True
    assert record.kept is not None
    try:
        first, second = outputs(record), outputs(record)
    except Exception:  # a user's code, on float64
        return False
    kept = [to_host(array) for array in record.kept.arrays]
    return all(
        one.shape == other.shape == before.shape
        and np.array_equal(one, other, equal_nan=True)
        and np.allclose(one, before, rtol=0.01, atol=0.01 * magnitude(before), equal_nan=True)
        for one, other, before in zip(first, second, kept, strict=True)
    )


def magnitude(array: np.ndarray) -> float:
    """The size of the largest finite element."""
    return float(np.abs(array).max(initial=0.0, where=np.isfinite(array)))


class Replay:
    """The forward pass from a row on, as a function of that row's value.

    rows: as `read` gives them. end: the row and output that is the result; upstream: what backward started with there.
    largest: the size of the largest gradient of the pass.
    """

    def __init__(self, rows: Sequence[Row], end: tuple[int, int], upstream: Array, largest: float) -> None:
        self._rows = rows
        self._end, self._upstream = end, np.asarray(to_host(upstream), float64)
        floats = [value.dtype for row in rows for value in row.outputs if np.dtype(value.dtype).kind == "f"]
        eps = max((float(np.finfo(dtype).eps) for dtype in floats), default=0.0)
        self._agree, self._rounding = max(AGREE, COARSE * eps), ROUNDINGS * eps * largest
        records = [row.node for row in rows if isinstance(row.node, Record)]
        self.possible = all(record.kept is not None for record in records)
        self._refuses = {record for record in records if self.possible and not _repeats(record)}

    def check(self, place: tuple[int, int], gradient: Array) -> Check | None:
        """The largest element of the gradient that arrived at a value, a row's output, beside the measured slope.

        None where nothing can be measured: nothing was kept, or the roundings of float64 are all that can be seen.
        """
        row, output = place
        value = self._rows[row].outputs[output].array
        if not self.possible or value is None or not gradient.size:
            return None
        host = np.asarray(to_host(gradient))
        e = int(np.argmax(np.abs(np.nan_to_num(host))))
        at = tuple(int(n) for n in np.unravel_index(e, host.shape))
        found, base = float(host[at]), np.asarray(to_host(value), float64)
        size = abs(float(base[at]))
        steps = [step * max(1.0, size) for step in (STEP, *OTHER_STEPS)] + [STEP * size] * (0 < size < STEP**0.5)
        checks: dict[float, Check] = {}
        for h in steps:
            measured = [self._result(place, _moved(base, at, step)) for step in (-h, 0.0, h)]
            if any(one is None for one in measured):
                return None
            check = self._compared(at, found, h, measured)
            if check is not None and check.verdict == "agrees":
                return check
            if check is not None:
                checks[h] = check
        if not checks:
            return None
        verdict = checks[min(checks)].verdict  # the smallest step is the furthest from a kink
        return next(check for check in checks.values() if check.verdict == verdict)

    def _compared(self, at: tuple[int, ...], found: float, h: float, measured: Any) -> Check | None:
        """The gradient `found` beside the slope of three results, (result, the largest number on the way) each."""
        (left, _), (middle, largest), (right, _) = measured
        slope, before, after = (right - left) / (2 * h), (middle - left) / h, (right - middle) / h
        near = self._agree * max(abs(found), abs(slope))
        noise = float(np.finfo(float64).eps) * largest / h
        if abs(found - slope) <= near or (abs(found) <= self._rounding and abs(slope) <= noise):
            return Check(at, found, slope, "agrees")
        if not np.isfinite(slope) or noise > SURE * abs(found - slope) or self._rounding > abs(found - slope):
            return None
        low, high = sorted((before, after))
        if high - low > BENT * max(abs(low), abs(high)):
            return Check(at, found, slope, "kink")
        # Of thousands of relus, some bend on the way.
        return Check(at, found, slope, "agrees" if low - near <= found <= high + near else "differs")

    def _result(self, start: tuple[int, int], value: np.ndarray) -> tuple[float, float] | None:
        """Σ upstream * result, if `start` had this value, and the size of the largest number that it was made of."""
        new: dict[tuple[int, int], np.ndarray] = {start: value}
        for row in self._rows[start[0] + 1 :]:
            changed = {
                i: new[argument.row, argument.output]
                for i, argument in enumerate(row.arguments)
                if argument.row is not None and (argument.row, argument.output) in new
            }
            if changed and isinstance(row.node, Record):
                if row.node in self._refuses:
                    return None
                new |= {(row.index, i): out for i, out in enumerate(outputs(row.node, changed))}
        parts = new[self._end] * self._upstream
        return float(parts.sum()), max(map(magnitude, (parts, *new.values())))


def _moved(array: np.ndarray, place: tuple[int, ...], by: float) -> np.ndarray:
    moved = array.copy()
    moved[place] += by
    return moved
