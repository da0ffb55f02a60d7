"""`sweep`: everything that can be asked of an op, on calls that Hypothesis draws.

spec = OpSpec(my_forward, my_backward, inputs=(arrays((3, 4)), arrays((4, 2))))
assert sweep(spec)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from minigrad.testing.case import Case
from minigrad.testing.diagnosis import diagnose
from minigrad.testing.examination import Examination
from minigrad.testing.falsify import Falsifier
from minigrad.testing.properties import PROPERTIES, Question, Unfit, reference_agrees
from minigrad.testing.report import FAILING, WRONG, GradientReport, Report
from minigrad.testing.slopes import quiet
from minigrad.testing.spec import OpSpec
from minigrad.testing.subjects import Subject

EXAMPLES = 40
SEVERAL = 6  # drawn calls on which each property other than the gradients is tried


@dataclass(frozen=True)
class Property:
    """Something that is asked of every op. status: "met", "failed", or "-" for one that cannot be asked of this op."""

    name: str
    status: str = "met"
    detail: str = ""


@dataclass(frozen=True)
class SweepReport(Report):
    """A Report, with the other properties. True if nothing is wrong."""

    properties: tuple[Property, ...] = ()

    @property
    def verdict(self) -> str:
        failed = any(one.status == "failed" for one in self.properties)
        return WRONG if failed and super().ok else super().verdict

    @property
    def ok(self) -> bool:
        return super().ok and all(one.status != "failed" for one in self.properties)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [super().__str__()]
        lines += [f"  {one.name}: failed, {one.detail}" for one in self.properties if one.status == "failed"]
        met = [one.name for one in self.properties if one.status == "met"]
        lines += [f"  met: {', '.join(met)}"] if met else []
        return "\n".join(lines)

    __repr__ = __str__


def sweep(spec: OpSpec, *, examples: int = EXAMPLES, seed: int = 0, shrink: bool = True) -> SweepReport:
    """Ask all that is asked of every op: gradients on drawn calls, and the properties in `PROPERTIES`.

    examples: how many calls are drawn. seed: of the draws; one seed, one result.
    shrink: look for the smallest failing call and the cause; without, it is quicker to say that something is wrong.
    Nothing that the op raises passes through: it is part of the report. Where a gradient is wrong, only the values of
    forward are looked at beside it: the other properties would say the same once more.
    """
    subject = spec.subject()
    falsifier = Falsifier(subject, spec.cases(), examples, seed)
    falsifier.run()
    if not shrink and falsifier.found_something():
        return SweepReport(subject.name, (GradientReport("some gradient", WRONG, "unknown"),))
    gradients = tuple(_gradient_reports(subject, falsifier, seed))
    drawn = falsifier.varied(SEVERAL)
    failing = next((one for one in gradients if one.verdict in FAILING), None)
    questions = {"reference": reference_agrees} if failing else PROPERTIES
    properties = tuple(_asked(name, question, spec, subject, drawn) for name, question in questions.items())
    return SweepReport(subject.name, gradients, failing.example if failing else "", properties=properties)


def _gradient_reports(subject: Subject, falsifier: Falsifier, seed: int) -> Iterator[GradientReport]:
    """Of each gradient: that of its smallest failing call, with the cause; or the gravest of the others."""
    crash = falsifier.smallest_crash()
    blamed = any(falsifier.failing(name) for name in falsifier.names)
    for name in falsifier.names or (["gradient"] if crash else []):
        failing = falsifier.failing(name)
        if failing:
            smallest = falsifier.smallest(name)
            report = _diagnosed(subject, name, smallest, failing, seed)
            yield replace(report, example=smallest.case.describe())
        elif crash and not blamed:
            yield GradientReport(name, WRONG, "unknown", crash.text, example=crash.case.describe())
        else:
            yield falsifier.gravest(name)


def _diagnosed(
    subject: Subject, name: str, smallest: Examination, failing: list[Examination], seed: int
) -> GradientReport:
    """The smallest call's report, with the cause that explains all of them. Arguments may sit in other places in other
    calls (a list of arrays), so only calls with this one's places are compared."""
    place = smallest.place(name)
    assert place is not None
    alike = [one for one in failing if one.place(name) == place]
    # What is wrong in its values or its shape tells more than a call in which nothing could be measured.
    wrong = [one for one in alike if one.gradients[place].report.verdict == WRONG]
    return diagnose(subject, place, [smallest, *wrong], seed)


def _asked(name: str, question: Question, spec: OpSpec, subject: Subject, drawn: list[Case]) -> Property:
    """Put one question for each drawn call."""
    answered, reason = 0, "no call could be drawn"
    for case in drawn:
        try:
            quiet(question, spec, subject, case)
            answered += 1
        except Unfit as unfit:
            reason = str(unfit)
        except AssertionError as failure:
            return Property(name, "failed", f"{failure}, for {case.describe()}")
        except Exception as error:
            return Property(name, "failed", f"raises {type(error).__name__}: {error}, for {case.describe()}")
    return Property(name) if answered else Property(name, "-", reason)
