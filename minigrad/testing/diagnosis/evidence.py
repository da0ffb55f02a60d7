"""What a rule is shown: a failing call, with the gradient that came and the one that was due.

Besides, a rule may ask what would come, and what would be due, for other arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any, TypeVar

import numpy as np

from minigrad.testing.case import Case, Place
from minigrad.testing.examination import Examination
from minigrad.testing.slopes import gradient_at, jacobian_at, measured_at, slopes_at
from minigrad.testing.subjects import Subject, Upstream, upstream_for

T = TypeVar("T")

ENOUGH = 5  # failing calls to look at


@dataclass
class Evidence:
    """One failing call: the gradient that came (`found`), and the one that was due (`due`)."""

    subject: Subject
    case: Case
    place: Place
    upstream: Upstream
    outs: tuple[Any, ...]
    found: np.ndarray
    due: np.ndarray
    kink: np.ndarray
    _seen: dict[Callable, Any] = field(default_factory=dict)

    @property
    def x(self) -> np.ndarray:
        """The array whose gradient it is."""
        return np.asarray(self.case.at(self.place), np.float64)

    @property
    def dout(self) -> np.ndarray:
        """The upstream gradient of the first output that has one."""
        return next(np.asarray(one, np.float64) for one in self.upstream if one is not None)

    @property
    def out(self) -> np.ndarray:
        """The first output."""
        return np.asarray(self.outs[0], np.float64)

    def others(self) -> Iterator[tuple[Place, np.ndarray]]:
        """The other floating-point arguments."""
        return ((place, np.asarray(self.case.at(place))) for place in self.case.places() if place != self.place)

    def slope(self, case: Case | None = None, upstream: Upstream | None = None) -> np.ndarray | None:
        """What would be due for other arguments or another upstream gradient; None if that call is not possible."""
        try:
            return slopes_at(self.subject, case or self.case, self.place, upstream or self.upstream)
        except Exception:  # a student's function may raise anything when it is given what does not fit
            return None

    def gradient(self, case: Case | None = None, upstream: Upstream | None = None) -> np.ndarray | None:
        """What backward says for other arguments or another upstream gradient; None if that call is not possible."""
        try:
            return gradient_at(self.subject, case or self.case, self.place, upstream or self.upstream)
        except Exception:
            return None

    def outputs(self, case: Case) -> tuple[Any, ...] | None:
        """What forward gives for other arguments; None if that call is not possible."""
        try:
            return self.subject.run(case.copied())[0]
        except Exception:
            return None

    @cached_property
    def jacobian(self) -> np.ndarray:
        """d outputs / d x, of shape (elements of x, elements of the outputs)."""
        return jacobian_at(self.subject, self.case, self.place)

    def once(self, look: Callable[[Evidence], T]) -> T:
        """look(self), which several rules need and is done only once."""
        if look not in self._seen:
            self._seen[look] = look(self)
        return self._seen[look]

    def same(self, one: np.ndarray | None, other: np.ndarray) -> bool:
        """Equal wherever there is a slope, as far as differences can tell."""
        if one is None or np.shape(one) != np.shape(other):
            return False
        good = ~self.kink if self.kink.shape == other.shape else np.ones(other.shape, bool)
        size = float(np.abs(other[good]).max(initial=0.0))
        return bool(np.allclose(one[good], other[good], rtol=1e-4, atol=1e-6 + 1e-5 * size))

    @property
    def wrong(self) -> np.ndarray:
        """The elements that differ."""
        size = float(np.abs(self.due).max(initial=0.0))
        return ~np.isclose(self.found, self.due, rtol=1e-4, atol=1e-6 + 1e-6 * size) & ~self.kink

    def is_wrong(self) -> bool:
        """Whether the gradient differs from what is due."""
        return self.found.shape != self.due.shape or bool(self.wrong.any())


def gather(
    subject: Subject, place: Place, failing: Sequence[Examination], rng: np.random.Generator
) -> Iterator[Evidence]:
    """The failing calls with the most elements, some that are not much smaller, and redraws of the largest."""
    judged = [one for one in failing if one.gradients[place].measured is not None and not one.gradients[place].tied]
    judged = [one for one in judged if not np.isnan(one.gradients[place].slope).any() or len(judged) == 1]
    judged.sort(key=lambda one: -_size(one.case, place))
    large = [one for one in judged[ENOUGH:] if 3 * _size(one.case, place) > _size(judged[0].case, place)]
    for number, one in enumerate(judged[:ENOUGH] + large[:: len(large) // ENOUGH + 1]):
        gradient = one.gradients[place]
        assert gradient.analytic is not None and gradient.measured is not None
        unknown = gradient.measured.kink | np.isnan(gradient.slope)
        due = np.nan_to_num(gradient.slope)
        yield Evidence(subject, one.case, place, one.upstream, one.outs, gradient.analytic, due, unknown)
        for _ in range(2 if number == 0 else 0):
            again = _redrawn(subject, one.case, place, rng)
            if again is not None and again.is_wrong():
                yield again


def _redrawn(subject: Subject, case: Case, place: Place, rng: np.random.Generator) -> Evidence | None:
    """The same shapes and settings, with other values not far away: the same side of every kink at zero."""
    for where in case.places():
        array = case.at(where)
        case = case.with_array(where, np.asarray(array * rng.uniform(0.8, 1.25, np.shape(array)), array.dtype))
    try:
        outs, _ = subject.run(case.copied())
        upstream = upstream_for(tuple(map(np.array, outs)), subject, rng)
        found = gradient_at(subject, case, place, upstream)
        measured = measured_at(subject, case, place, upstream, found)
    except Exception:
        return None
    return Evidence(subject, case, place, upstream, tuple(map(np.array, outs)), found, measured.slope, measured.kink)


def _size(case: Case, place: Place) -> int:
    """How much a call can tell: large arrays, of several elements along each axis."""
    return sum(prod(min(n, 6) for n in case.at(where).shape) for where in case.places()) + case.at(place).size
