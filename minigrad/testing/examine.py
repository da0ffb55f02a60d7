"""One call, looked at from all sides: are its gradients the slopes of its outputs, and is nothing else amiss?

The outputs are multiplied by random numbers and summed; the slope of this sum is what the backward should give for
these numbers as upstream gradients. A point where there is no slope is no place to be wrong at, except in one way:
elements that are equal (the ties of a maximum) can be moved together, and along that line there often is a slope.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.testing.case import Case, Place
from minigrad.testing.examination import Examination, Gradient
from minigrad.testing.judge import Tolerance, judged
from minigrad.testing.layouts import other_layouts
from minigrad.testing.report import KINK, MUTATED, RANDOM, WRONG, GradientReport
from minigrad.testing.slopes import copies, quiet
from minigrad.testing.subjects import Backward, GradientCountError, Subject, Upstream, upstream_for
from minigrad.testing.ties import look_at_ties

MANY = 600  # elements in all arrays together: with more, not all are looked at one by one


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
    outs, backward = quiet(subject.run, given)
    outs = tuple(np.array(out) for out in outs)
    if _differ(given, case):
        changed = f"forward changes its argument {names[_differ(given, case)[0]][1:]}; work on a copy"
    upstream = upstream_for(outs, subject, rng)
    result = Examination(case, upstream, outs, {})

    again, backward_again = quiet(subject.run, case.copied())
    if not all(_equal(one, other) for one, other in zip(outs, again, strict=True)):
        text = "forward gives another result when it is called again with the same arguments"
        return _all(result, names, GradientReport("", RANDOM, detail=text))
    try:
        found, complaint = _gradients(names, given, upstream, backward, backward_again)
    except GradientCountError as error:
        return _all(result, names, GradientReport("", WRONG, "wrong-shape", str(error)))
    if found is None:
        return _all(result, names, GradientReport("", RANDOM, detail=complaint))
    changed = changed or complaint

    every = sum(case.at(place).size for place in case.places())
    for place in sorted(found, key=lambda place: names[place] != only):
        one = judged(subject, case, place, names[place], found[place], upstream, rng, tolerance, every > MANY)
        result.gradients[place] = one
        if names[place] == only and one.report.verdict != KINK:  # there it matters what equal elements elsewhere get
            break
    look_at_ties(subject, result, tolerance)
    if not any(one.report.verdict == WRONG for one in result.gradients.values()):
        complaint, result.notes = other_layouts(subject, result, changed)
        changed = changed or complaint
    if changed:
        for one in result.gradients.values():
            if one.report.ok:
                one.report = replace(one.report, verdict=MUTATED, cause="input-mutated", detail=changed)
    return result


def _gradients(
    names: dict[Place, str], given: Case, upstream: Upstream, backward: Backward, backward_again: Backward
) -> tuple[dict[Place, Any] | None, str]:
    """The gradients; and a complaint about how they were made, without gradients if they are not the same twice.

    given: what forward was given before `backward`. backward_again: that of another forward of the same call.
    """
    sent, kept = copies(upstream), given.copied()
    first = _own(quiet(backward, sent))
    changed = ""
    if not all(_equal(one, other) for one, other in zip(sent, upstream, strict=True)):
        changed = "backward changes dout, which belongs to the ops that come after; work on a copy"
    elif _differ(given, kept):
        changed = f"backward changes {names[_differ(given, kept)[0]][1:]}, which belongs to the caller; work on a copy"
    second = _own(quiet(backward_again, copies(upstream)))
    if not all(_equal(first[place], second[place]) for place in first):
        return None, "backward gives another result when it is called again with the same arguments"
    third = _own(quiet(backward_again, copies(upstream)))
    if not changed and not all(_equal(first[place], third[place]) for place in first):
        changed = "backward changes its cache: called twice with the same one, it gives two results; work on a copy"
    return first, changed


def _all(result: Examination, names: dict[Place, str], report: GradientReport) -> Examination:
    for place in result.case.places():
        result.gradients[place] = Gradient(place, replace(report, name=names[place]))
    return result


def _own(gradients: dict[Place, Any]) -> dict[Place, Any]:
    """Copies, which nobody can write into any more."""
    return {
        place: np.array(one) if isinstance(one, (np.ndarray, np.generic)) else one for place, one in gradients.items()
    }


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
