"""Elements that are equal, as the ties of a maximum: none of them has a slope alone, but together they often have.

Their gradients may share it as they like; they must add up to it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from minigrad.testing.case import Place
from minigrad.testing.examination import Examination
from minigrad.testing.judge import Tolerance
from minigrad.testing.measure import measure_along
from minigrad.testing.report import WRONG
from minigrad.testing.slopes import flat_outputs, in_float64
from minigrad.testing.subjects import Subject


def look_at_ties(subject: Subject, result: Examination, tolerance: Tolerance) -> None:
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
