"""Draw calls of an op until one of its gradients is wrong, and shrink what fails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from random import Random

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from minigrad.testing.case import Case
from minigrad.testing.examination import Examination
from minigrad.testing.examine import examine
from minigrad.testing.report import FAILING, VERDICTS, GradientReport
from minigrad.testing.subjects import Subject

ROUND = 10  # calls that Hypothesis draws one by one, before it varies them
ROUNDS = 1000  # more than there are, so that no two seeds share one
EFFORT = 700  # elements of the calls that are looked at for the smallest failing one, and ten for each call
PATIENCE = 12  # calls in a row of which none is smaller than the smallest failing one, until the search is given up


def drawn(cases: SearchStrategy[Case], count: int, seed: int) -> list[Case]:
    """Some calls, at most `count`; the same ones for the same seed. The simplest comes first.

    Hypothesis begins with the simplest call, and after ten goes over to variations on what it drew. So it is asked for
    ten at a time.
    """
    found: list[Case] = []
    for round_ in range(max(1, ceil((count - 1) / (ROUND - 1)))):
        found += _one_round(cases, min(count, ROUND), ROUNDS * seed + round_)[bool(found) :]
    return found[:count]


def _one_round(cases: SearchStrategy[Case], count: int, seed: int) -> list[Case]:
    found: list[Case] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def keep(case: Case) -> None:
        found.append(case)

    keep()
    return found


@dataclass(frozen=True)
class Crash:
    """A call that raised."""

    case: Case
    text: str


class Falsifier:
    """The examined calls of one subject.

    names: of the gradients, in the order in which they were met.
    """

    def __init__(self, subject: Subject, cases: SearchStrategy[Case], examples: int, seed: int) -> None:
        self.subject, self.cases, self.examples, self.seed = subject, cases, examples, seed
        self.names: list[str] = []
        self._examined: list[Examination] = []
        self._crashes: list[Crash] = []
        self._drawn: list[Case] = []
        self._failing: dict[str, list[Examination]] = defaultdict(list)

    def run(self) -> None:
        """Draw and examine the calls."""
        self._drawn = drawn(self.cases, self.examples, self.seed)
        for case in self._drawn:
            self._look(case)

    def found_something(self) -> bool:
        """Whether a gradient failed or a call raised."""
        return bool(self._crashes) or any(self._failing.values())

    def failing(self, name: str) -> list[Examination]:
        """The calls in which this gradient failed."""
        return self._failing[name]

    def smallest(self, name: str) -> Examination:
        """The call to which Hypothesis shrinks those in which this gradient fails, or a smaller one that it drew."""

        def fails(case: Case) -> bool:
            found = self._look(case, keep=False, only=name)
            return isinstance(found, Examination) and name in _failing_names(found)

        shrunk = _shrunk(self.cases, fails, self.seed)
        candidates = [shrunk] if shrunk else []
        case = min(candidates + [one.case for one in self._failing[name]], key=_elements)
        found = self._look(case, keep=False)
        assert isinstance(found, Examination)
        return found

    def smallest_crash(self) -> Crash | None:
        """The smallest call that raises."""
        if not self._crashes:
            return None
        case = _shrunk(self.cases, lambda case: isinstance(self._look(case, keep=False), Crash), self.seed)
        found = self._look(case, keep=False) if case else None
        return found if isinstance(found, Crash) else self._crashes[0]

    def gravest(self, name: str) -> GradientReport:
        """The report of this gradient where nothing failed: "at a kink" only if it never was anything better."""
        places = [(one, one.place(name)) for one in self._examined]
        reports = [one.gradients[place].report for one, place in places if place is not None]
        return min(reports, key=lambda one: (VERDICTS.index(one.verdict), -(one.relative_error or 0.0)))

    def varied(self, count: int) -> list[Case]:
        """Some of the drawn calls, small ones and large ones."""
        ordered = sorted(self._drawn, key=_elements)
        return ordered[:: max(1, len(ordered) // count)][-count:]

    def _look(self, case: Case, keep: bool = True, only: str = "") -> Examination | Crash:
        try:
            found = examine(self.subject, case, self.seed, only=only)
        except HypothesisException:
            raise
        except Exception as error:
            crash = Crash(case, f"raises {type(error).__name__}: {error}")
            if keep:
                self._crashes.append(crash)
            return crash
        if keep:
            self._examined.append(found)
            for one in found.gradients.values():
                if one.report.name not in self.names:
                    self.names.append(one.report.name)
            for name in _failing_names(found):
                self._failing[name].append(found)
        return found


def _failing_names(found: Examination) -> list[str]:
    return [one.report.name for one in found.gradients.values() if one.report.verdict in FAILING]


class _Enough(BaseException):
    """Ends a search. Not an Exception, which Hypothesis would take for a failure, and shrink."""


def _elements(case: Case) -> int:
    return sum(case.at(place).size for place in case.places())


def _shrunk(cases: SearchStrategy[Case], fails: Callable[[Case], bool], seed: int) -> Case | None:
    """The smallest call for which `fails` is true, found with some `EFFORT`; None if none is found."""
    tried = in_vain = 0
    smallest: Case | None = None

    def looked_at(case: Case) -> bool:
        nonlocal tried, in_vain, smallest
        tried += 10 + _elements(case)
        in_vain += smallest is not None
        if tried > EFFORT or in_vain > PATIENCE:
            raise _Enough
        if not fails(case):
            return False
        if smallest is None or _elements(case) < _elements(smallest):
            in_vain = 0
        if smallest is None or _elements(case) <= _elements(smallest):
            smallest = case
        return True

    try:
        find(
            cases,
            looked_at,
            settings=settings(
                max_examples=100,
                phases=[Phase.generate, Phase.shrink],  # not Phase.explain, whose explanation nobody would read
                database=None,
                deadline=None,
            ),
            random=Random(seed),
        )
    except (HypothesisException, _Enough):
        pass
    return smallest
