"""Ops run again, in float64, with one number changed: what finite differences need.

That can be done where the tape kept what each op was given, that is under `with mg.Tape():`. Nothing random is drawn
again, since a pair draws nothing: a dropout's mask is one of its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.backend import Array, float64, to_host
from minigrad.tape import Record
from minigrad.teach.rows import Row

STEP = 1e-6  # of the size of the number that is moved
AGREE = 1e-3  # how far the gradient may lie from the slope, of their size
BENT = 0.1  # how far the slopes to the left and to the right may lie apart, of their size, where there is no kink
ROUNDINGS = 32  # of the largest gradient of the pass: what cancels to 0 in exact numbers leaves so much


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
    with np.errstate(all="ignore"):
        out, _ = record.op.forward(*arguments, **kept.settings)
    return [np.asarray(to_host(one), float64) for one in (out if isinstance(out, tuple) else (out,))]


def _wide(value: Any, record: Record) -> Any:
    """A float array in float64 (a scalar where the op is given one); anything else as it is."""
    if getattr(value, "dtype", None) is None or value.dtype.kind != "f":
        return value
    value = value.astype(float64)
    return value[()] if record.op.takes_scalars and not value.shape else value


class Replay:
    """The forward pass from a row on, as a function of that row's value.

    rows: as `read` gives them. end: the row and output that is the result; upstream: what backward started with there.
    largest: the size of the largest gradient of the pass.
    """

    def __init__(self, rows: Sequence[Row], end: tuple[int, int], upstream: Array, largest: float) -> None:
        self._rows = rows
        self._largest = largest
        self._end, self._upstream = end, np.asarray(to_host(upstream), float64)
        records = [row.node for row in rows if isinstance(row.node, Record)]
        self.possible = all(record.kept is not None for record in records)

    def check(self, place: tuple[int, int], gradient: Array) -> Check | None:
        """The largest element of the gradient that arrived at a value, a row's output, beside the measured slope."""
        row, output = place
        value = self._rows[row].outputs[output].array
        if not self.possible or value is None or not gradient.size:
            return None
        host = np.asarray(to_host(gradient))
        e = int(np.argmax(np.abs(np.nan_to_num(host))))
        at = tuple(int(n) for n in np.unravel_index(e, host.shape))
        found = float(host[at])
        base = np.asarray(to_host(value), float64)
        h = STEP * max(1.0, abs(float(base[at])))
        left, middle, right = (self._result(place, _moved(base, at, step)) for step in (-h, 0.0, h))
        slope, before, after = (right - left) / (2 * h), (middle - left) / h, (right - middle) / h
        rounding = ROUNDINGS * float(np.finfo(host.dtype).eps) * self._largest
        near = AGREE * max(abs(found), abs(slope)) + rounding
        low, high = sorted((before, after))
        if abs(found - slope) <= near:
            verdict = "agrees"
        elif high - low > BENT * max(abs(low), abs(high)):
            verdict = "kink"
        elif low - near <= found <= high + near:  # of thousands of relus, some bend on the way
            verdict = "agrees"
        else:
            verdict = "differs"
        return Check(at, found, slope, verdict)

    def _result(self, start: tuple[int, int], value: np.ndarray) -> float:
        """Σ upstream * result, if `start` had this value."""
        new: dict[tuple[int, int], np.ndarray] = {start: value}
        for row in self._rows[start[0] + 1 :]:
            changed = {
                i: new[argument.row, argument.output]
                for i, argument in enumerate(row.arguments)
                if argument.row is not None and (argument.row, argument.output) in new
            }
            if changed and isinstance(row.node, Record):
                new |= {(row.index, i): out for i, out in enumerate(outputs(row.node, changed))}
        return float((new[self._end] * self._upstream).sum())


def _moved(array: np.ndarray, place: tuple[int, ...], by: float) -> np.ndarray:
    moved = array.copy()
    moved[place] += by
    return moved
