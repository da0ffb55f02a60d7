"""One call, looked at from all sides: are its gradients the slopes of its outputs, and is nothing else amiss?

The outputs are multiplied by random numbers and summed; the slope of this sum is what the backward should give for
these numbers as upstream gradients. A point where there is no slope is no place to be wrong at, except in one way:
elements that are equal (the ties of a maximum) can be moved together, and along that line there often is a slope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.testing.measure import Measured, measure, measure_along
from minigrad.testing.report import ILL, KINK, MUTATED, RANDOM, WRONG, GradientReport
from minigrad.testing.slopes import as_function, copies, flat_outputs, gradient_at, in_float64, quiet
from minigrad.testing.subjects import Case, GradientCountError, Place, Subject, Upstream, upstream_for

MANY = 600  # elements in all arrays together: with more, not all are looked at one by one
SAMPLE = 100  # elements of each array then, its corners among them
DIRECTIONS = 4  # along which the whole array is moved then


@dataclass(frozen=True)
class Tolerance:
    """A gradient a and a slope s agree if |a - s| <= atol + rtol |s|, or else if differences can tell no better.

    single: for float32, of the largest gradient in float64: |a - a64| <= single * max(|a64|, 1).
    """

    rtol: float = 1e-5
    atol: float = 1e-7
    single: float = 1e-3


@dataclass
class Gradient:
    """One gradient of one call.

    analytic: what backward returned, float64; None if that was no array. measured: None where no slope was needed.
    wrong: the elements that disagree. tied: the elements that agree alone, and not together.
    """

    place: Place
    report: GradientReport
    analytic: np.ndarray | None = None
    measured: Measured | None = None
    wrong: np.ndarray | None = None
    tied: bool = False

    @property
    def slope(self) -> np.ndarray:
        """What it should be; NaN where that was not asked."""
        assert self.measured is not None
        return self.measured.slope


@dataclass
class Examination:
    """All gradients of one call."""

    case: Case
    upstream: Upstream
    outs: tuple[Any, ...]
    gradients: dict[Place, Gradient]
    notes: tuple[str, ...] = ()

    def place(self, name: str) -> Place | None:
        """Where the gradient of this name is, if there is one."""
        return next((place for place, one in self.gradients.items() if one.report.name == name), None)


def examine(
    subject: Subject, case: Case, seed: int = 0, tolerance: Tolerance | None = None, only: str = ""
) -> Examination:
    """Every gradient of `subject` at `case`, judged. What the subject raises passes through, but for
    GradientCountError, which is a wrong gradient.

    only: the name of the gradient that is of interest; others are left out where they have no say in it.
    """
    tolerance = tolerance or Tolerance()
    rng = np.random.default_rng(seed)
    names = subject.gradient_names(case)
    given = case.copied()
    changed = ""
    outs, _ = quiet(subject.run, given)
    outs = tuple(np.array(out) for out in outs)
    if _differ(given, case):
        changed = f"forward changes its argument {names[_differ(given, case)[0]][1:]}; work on a copy"
    upstream = upstream_for(outs, subject, rng)
    result = Examination(case, upstream, outs, {})

    again, _ = quiet(subject.run, case.copied())
    if not all(_equal(one, other) for one, other in zip(outs, again, strict=True)):
        text = "forward gives another result when it is called again with the same arguments"
        return _all(result, names, GradientReport("", RANDOM, detail=text))
    try:
        found, complaint = _gradients(subject, case, upstream)
    except GradientCountError as error:
        return _all(result, names, GradientReport("", WRONG, "wrong-shape", str(error)))
    if found is None:
        return _all(result, names, GradientReport("", RANDOM, detail=complaint))
    changed = changed or complaint

    every = sum(case.at(place).size for place in case.places())
    for place in sorted(found, key=lambda place: names[place] != only):
        one = _judged(subject, case, place, names[place], found[place], upstream, rng, tolerance, every > MANY)
        result.gradients[place] = one
        if names[place] == only and not _may_be_tied(one):
            break
    _look_at_ties(subject, result, tolerance)
    if not any(one.report.verdict == WRONG for one in result.gradients.values()):
        complaint, result.notes = _other_layouts(subject, case, upstream, result, changed)
        changed = changed or complaint
    if changed:
        for one in result.gradients.values():
            if one.report.ok:
                one.report = replace(one.report, verdict=MUTATED, cause="input-mutated", detail=changed)
    return result


def _gradients(subject: Subject, case: Case, upstream: Upstream) -> tuple[dict[Place, Any] | None, str]:
    """The gradients; and a complaint about how they were made, without gradients if they are not the same twice."""
    given, sent = case.copied(), copies(upstream)
    _, backward = quiet(subject.run, given)
    kept = given.copied()
    first = {place: _own(gradient) for place, gradient in quiet(backward, sent).items()}
    changed = ""
    names = subject.gradient_names(case)
    if not all(_equal(one, other) for one, other in zip(sent, upstream, strict=True)):
        changed = "backward changes dout, which belongs to the ops that come after; work on a copy"
    elif _differ(given, kept):
        changed = f"backward changes {names[_differ(given, kept)[0]][1:]}, which belongs to the caller; work on a copy"
    _, backward = quiet(subject.run, case.copied())
    second = {place: _own(gradient) for place, gradient in quiet(backward, copies(upstream)).items()}
    if not all(_equal(first[place], second[place]) for place in first):
        return None, "backward gives another result when it is called again with the same arguments"
    third = {place: _own(gradient) for place, gradient in quiet(backward, copies(upstream)).items()}
    if not changed and not all(_equal(first[place], third[place]) for place in first):
        changed = "backward changes its cache: called twice with the same one, it gives two results; work on a copy"
    return first, changed


def _judged(
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
        allowed = tolerance.atol + tolerance.rtol * np.maximum(np.abs(slope), 1e-2 * _largest(slope))
        apart = looked_at & ~(off <= allowed)
        wrong = apart & ~(off <= allowed + 10 * measured.error)
        shaky = apart & ~wrong | looked_at & ~np.isfinite(slope)
        wrong &= np.isfinite(slope) | np.isfinite(measured.error)
        if trusted is not None:
            off32 = np.abs(analytic - trusted)
            wrong |= looked_at & ~(off32 <= tolerance.single * max(1.0, _largest(judged)))
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


def _may_be_tied(one: Gradient) -> bool:
    """Whether it is right alone, with elements at a kink, so that it matters what equal elements elsewhere get."""
    return one.report.verdict == KINK


def _look_at_ties(subject: Subject, result: Examination, tolerance: Tolerance) -> None:
    """Move equal elements that are at a kink together: there their gradients must add up to the slope."""
    groups: dict[float, list[tuple[Place, tuple[int, ...]]]] = defaultdict(list)
    for place, one in result.gradients.items():
        if one.measured is not None and one.wrong is not None and not one.wrong.any():
            for index in map(tuple, np.argwhere(one.measured.kink)):
                groups[float(result.case.at(place)[index])].append((place, index))
    for value, members in list(groups.items())[:20]:
        if len(members) < 2:
            continue
        slope, error, kink = _move_together(subject, result, members)
        gradients = [float(result.gradients[place].analytic[index]) for place, index in members]  # type: ignore[index]
        off = abs(sum(gradients) - slope)
        if kink or not off > 10 * tolerance.atol + 10 * tolerance.rtol * abs(slope) + 10 * error:
            continue
        place, index = members[0]
        text = (
            f"{len(members)} elements are equal ({value:.6g}); when they move together the slope is {slope:.6g}, but "
            f"their gradients add up to {sum(gradients):.6g}"
        )
        for place in {place for place, _ in members}:
            one = result.gradients[place]
            one.tied, one.report = True, replace(one.report, verdict=WRONG, cause="ties", detail=text)


def _move_together(subject: Subject, result: Examination, members: list) -> tuple[float, float, bool]:
    case = result.case.copied().each(in_float64)
    run, flat = flat_outputs(subject, result.upstream)
    starts = {place: case.at(place).copy() for place, _ in members}

    def f(t: np.ndarray) -> np.ndarray:
        for place, start in starts.items():
            case.at(place)[...] = start
        for place, index in members:
            case.at(place)[index] += t
        return run(case)

    return measure_along(f, np.zeros(()), np.ones(()), flat)


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


def _other_layouts(
    subject: Subject, case: Case, upstream: Upstream, result: Examination, changed: str
) -> tuple[str, tuple[str, ...]]:
    """The same call with arrays that are read-only, that do not lie in one piece, and that lie column by column in
    memory, as a transposed one does: (a complaint, notes)."""
    for layout, change in (("read-only", _locked), ("non-contiguous", _strided), ("transposed", _transposed)):
        if changed and layout == "read-only":
            continue
        try:
            _, backward = quiet(subject.run, case.copied().each(change))
            found = quiet(backward, tuple(None if one is None else change(one) for one in upstream))
        except Exception as error:
            if "read-only" in str(error):
                return f"it writes into what it is given ({error}); work on a copy", ()
            return "", (f"not checked with {layout} arrays: {type(error).__name__}: {error}",)
        for place, one in result.gradients.items():
            other = np.asarray(found[place], np.float64)
            assert one.analytic is not None
            size = max(1.0, _largest(one.analytic))
            loose = 1e-9 if case.at(place).dtype == np.float64 else 1e-3
            if other.shape != case.at(place).shape or not np.allclose(
                other, one.analytic, rtol=loose, atol=loose * size, equal_nan=True
            ):
                text = f"with {layout} arrays the gradient is another one; a reshape or ravel() may be a copy there"
                one.report = replace(one.report, verdict=WRONG, cause="memory-layout", detail=text)
    return "", ()


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


def _largest(array: np.ndarray) -> float:
    """The largest absolute value that is a number."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _how_many(wrong: np.ndarray, kink: np.ndarray) -> str:
    return f"{wrong.sum()} of {wrong.size} elements are wrong" + (f" ({kink.sum()} at a kink)" if kink.any() else "")


def _all(result: Examination, names: dict[Place, str], report: GradientReport) -> Examination:
    for place in result.case.places():
        result.gradients[place] = Gradient(place, replace(report, name=names[place]))
    return result


def _own(gradient: Any) -> Any:
    return np.array(gradient) if isinstance(gradient, (np.ndarray, np.generic)) else gradient


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    try:
        return bool(np.array_equal(one, other, equal_nan=True))
    except TypeError:  # what is neither number nor array
        return type(one) is type(other)


def _differ(one: Case, other: Case) -> list[Place]:
    """Where the arrays of two calls are not the same."""
    return [place for place, array in other.arrays() if not _equal(one.at(place), array)]


def _locked(array: Any) -> Any:
    array = np.array(array)
    array.flags.writeable = False
    return array


def _strided(array: Any) -> Any:
    """The same values, every second element of a larger array."""
    room = np.zeros([2 * n for n in np.shape(array)], np.asarray(array).dtype)
    room[tuple(slice(None, None, 2) for _ in np.shape(array))] = array
    return room[tuple(slice(None, None, 2) for _ in np.shape(array))]


def _transposed(array: Any) -> Any:
    """The same values, column by column."""
    return np.array(array, order="F")
