"""One gradient of one call, held against the slopes of the function: is it right, wrong, or not to be told?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.testing.case import Case, Place
from minigrad.testing.examination import Gradient
from minigrad.testing.measure import Measured, measure, measure_along
from minigrad.testing.report import ILL, KINK, WRONG, GradientReport
from minigrad.testing.slopes import as_function, gradient_at, in_float64
from minigrad.testing.subjects import Subject, Upstream

SAMPLE = 100  # elements of a large array that are looked at, its corners among them
DIRECTIONS = 4  # along which the whole array is moved then


@dataclass(frozen=True)
class Tolerance:
    """A gradient a and a slope s agree if |a - s| <= atol + rtol |s|, or else if differences can tell no better.

    single: for float32, of the largest gradient in float64: |a - a64| <= single * max(|a64|, 1).
    """

    rtol: float = 1e-5
    atol: float = 1e-7
    single: float = 1e-3


def judged(
    subject: Subject,
    case: Case,
    place: Place,
    name: str,
    gradient: Any,
    upstream: Upstream,
    rng: np.random.Generator,
    tolerance: Tolerance,
    many: bool,
) -> Gradient:
    """The gradient at one place, against its slope."""
    x = case.at(place)
    if gradient is None:
        return Gradient(place, GradientReport(name, WRONG, "wrong-shape", "backward returned None for it"))
    try:
        analytic = np.array(gradient, np.float64)
    except (TypeError, ValueError):
        text = f"backward must return an array for it, got {type(gradient).__name__}"
        return Gradient(place, GradientReport(name, WRONG, "wrong-shape", text))
    f, moved, flat = as_function(subject, case, place, upstream)
    if analytic.shape != x.shape:
        text = f"must have the shape of {name[1:] if name[0] == 'd' else name}, {x.shape}, got {analytic.shape}"
        return Gradient(
            place, GradientReport(name, WRONG, "wrong-shape", text), analytic, measure(f, moved, flat), None
        )
    trusted = _float64_gradient(subject, case, place, upstream)
    expected = analytic if trusted is None else trusted
    measured = measure(f, moved, flat, _some(x.shape, rng) if many else None, expected)
    wrong, shaky = _disagree(analytic, measured, trusted, tolerance)
    if wrong.any() and _mark_hidden_kinks(f, moved, flat, measured, wrong):
        wrong &= ~measured.kink
    report = _worst(name, analytic, measured.slope, ~measured.kink & ~np.isnan(measured.slope))
    if wrong.any():
        report = replace(report, verdict=WRONG, cause="unknown", detail=_how_many(wrong, measured.kink))
    elif many and (text := _along_directions(f, moved, analytic, flat, rng)):
        report = replace(report, verdict=WRONG, cause="unknown", detail=text)
    elif shaky.any():
        text = "differences cannot tell this gradient from another one: rounding, or a slope that changes too fast"
        report = replace(report, verdict=ILL, detail=text)
    elif measured.kink.any():
        text = f"{measured.kink.sum()} of {measured.kink.size} elements are at a kink, where no slope can be measured"
        report = replace(report, verdict=KINK, detail=text)
    return Gradient(place, report, analytic, measured, wrong)


def _disagree(
    analytic: np.ndarray, measured: Measured, trusted: np.ndarray | None, tolerance: Tolerance
) -> tuple[np.ndarray, np.ndarray]:
    """(wrong, not to be decided) of each element. trusted: the gradient in float64, for one in float32."""
    slope = measured.slope
    looked_at = ~measured.kink & (~np.isnan(slope) | (measured.error > 0))
    with np.errstate(all="ignore"):
        judged = slope if trusted is None else trusted
        off = np.abs((analytic if trusted is None else trusted) - slope)
        allowed = tolerance.atol + tolerance.rtol * np.maximum(np.abs(slope), 1e-2 * largest(slope))
        apart = looked_at & ~(off <= allowed)
        wrong = apart & ~(off <= allowed + 10 * measured.error)
        shaky = apart & ~wrong | looked_at & ~np.isfinite(slope)
        wrong &= np.isfinite(slope) | np.isfinite(measured.error)
        if trusted is not None:
            off32 = np.abs(analytic - trusted)
            wrong |= looked_at & ~(off32 <= tolerance.single * max(1.0, largest(judged)))
    return wrong, shaky & ~wrong


def _mark_hidden_kinks(f: Callable, x: np.ndarray, flat: np.ndarray, measured: Measured, wrong: np.ndarray) -> bool:
    """Mark equal elements that have slopes alone, but another one together: there f has none. So it is with the median
    of three equal numbers, which does not follow any one of them."""
    found = False
    for value in np.unique(x[wrong]):
        tied = x == value
        if tied.sum() > 1 and not np.isnan(measured.slope[tied]).any():
            together, error, kink = measure_along(f, x, tied.astype(float), flat)
            alone = float(measured.slope[tied].sum())
            if kink or abs(together - alone) > 1e-5 * max(abs(together), abs(alone)) + 10 * error + 1e-7:
                measured.kink |= tied
                found = True
    return found


def _float64_gradient(subject: Subject, case: Case, place: Place, upstream: Upstream) -> np.ndarray | None:
    """What backward says in float64, if it was asked in less: differences in float32 are too coarse to judge by."""
    if case.at(place).dtype == np.float64:
        return None
    wide = tuple(None if one is None else one.astype(np.float64) for one in upstream)
    return gradient_at(subject, case.each(in_float64), place, wide)


def _along_directions(
    f: Callable, x: np.ndarray, analytic: np.ndarray, flat: np.ndarray, rng: np.random.Generator
) -> str:
    """What is wrong when the whole array moves along random lines; "" if nothing is."""
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(x.shape)
        direction /= np.sqrt(np.sum(direction**2)) or 1.0
        slope, error, kink = measure_along(f, x, direction, flat)
        expected = float(np.sum(analytic * direction))
        size = float(np.sqrt(np.sum(analytic**2)))
        if not kink and not abs(expected - slope) <= 1e-6 * size + 1e-6 + 10 * error:
            return f"along a random line the gradient gives {expected:.6g}, the function's slope is {slope:.6g}"
    return ""


def _some(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A mask of some elements: all corners, and others by chance."""
    mask = np.zeros(shape, bool)
    if mask.size <= SAMPLE:
        return ~mask
    mask.flat[rng.choice(mask.size, SAMPLE, replace=False)] = True
    mask[np.ix_(*([0, -1] for _ in shape))] = True
    return mask


def _worst(name: str, analytic: np.ndarray, slope: np.ndarray, judged: np.ndarray) -> GradientReport:
    """A report with the element that is off the most."""
    if not judged.any():
        return GradientReport(name)
    with np.errstate(all="ignore"):
        off = np.abs(analytic - slope)
        relative = off / np.maximum(np.maximum(np.abs(analytic), np.abs(slope)), 1e-8)
    off = np.where(judged, np.where(np.isnan(off), np.inf, off), -1.0)
    index = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
    return GradientReport(
        name,
        index=index,
        analytic=float(analytic[index]),
        numeric=float(slope[index]),
        relative_error=float(relative[index]),
    )


def largest(array: np.ndarray) -> float:
    """The largest absolute value that is a number."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _how_many(wrong: np.ndarray, kink: np.ndarray) -> str:
    return f"{wrong.sum()} of {wrong.size} elements are wrong" + (f" ({kink.sum()} at a kink)" if kink.any() else "")
