"""How an answer is judged: first its values, against the solution's; then its gradients, against differences.

What is simple to say is looked for first, with one call after another: an exception, None, an output of the wrong
shape. Only what runs goes through the sweep of `minigrad.testing`, which names the cause of a wrong gradient.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from minigrad.exercises import contents
from minigrad.exercises.answer import Answer, Complaint, described
from minigrad.exercises.comparing import largest_difference, numbers
from minigrad.exercises.report import RIGHT, WRONG, Part, all_alike
from minigrad.testing.case import Case
from minigrad.testing.falsify import drawn
from minigrad.testing.properties import dtype_kept
from minigrad.testing.report import FAILING, GradientReport
from minigrad.testing.report import WRONG as WRONG_GRADIENT
from minigrad.testing.slopes import copies
from minigrad.testing.spec import OpSpec
from minigrad.testing.subjects import GradientCountError, Subject, upstream_for
from minigrad.testing.sweeping import sweep

EXAMPLES = 20
FLOAT32 = "float32"
FINITE = "finite at kinks"  # as the sweep calls it
KIND_AND_SHAPE = re.compile(r"\b(?:float|int|bool)\d* \([\d, ]*\) (?=\[|-?\d|True|False)")
ALTERED = "You have changed {name}, which was right: put it back as `minigrad exercise start` gives it"


@dataclass(frozen=True)
class Asked:
    """One answer, and how it is to be looked at. seed, examples: of the drawn calls."""

    exercise: str
    answer: Answer
    seed: int = 0
    examples: int = EXAMPLES

    @property
    def hides_causes(self) -> bool:
        """Whether to find the cause is the exercise."""
        return contents.is_bug_hunt(self.exercise)

    def solution(self, name: str) -> Callable:
        """The right function."""
        return _solution(self.exercise)[name]

    def calls(self, inputs: SearchStrategy[Case]) -> list[Case]:
        """Drawn calls, the same for the same seed."""
        return drawn(inputs, self.examples, self.seed)


@dataclass(frozen=True)
class Question:
    """What an exercise asks for.

    functions: without which nothing can be judged. parts: what there are points for, in order. judge: gives a Part for
        each.
    """

    functions: tuple[str, ...]
    parts: tuple[str, ...]
    judge: Callable[[Asked], Iterator[Part]]


@functools.cache
def _solution(exercise: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": f"solution of {exercise}"}
    exec(compile(contents.solution(exercise), f"<solution of {exercise}>", "exec"), names)
    return names


# -- a pair, a loss ----------------------------------------------------------------------------------------------------


Step = Callable[[Asked], None]  # complains, or all is right


def pair(
    op: str,
    inputs: SearchStrategy[Case],
    gradients: Sequence[str],
    *,
    asks_forward: bool = False,
    kinks: tuple[float, ...] = (),
    also: Mapping[str, Step] | None = None,
) -> Question:
    """`op_forward` and `op_backward`. asks_forward: the student writes it, too; otherwise it was given.

    also: further parts, with a function for each that complains if it is wrong.
    """
    names = (f"{op}_forward", f"{op}_backward")

    def spec(answer: Answer) -> OpSpec:
        return OpSpec(answer.names[names[0]], answer.names[names[1]], inputs, kinks=kinks, name=op)

    return _op(spec, names, ("forward",) if asks_forward else (), gradients, also or {})


def loss(
    name: str,
    inputs: SearchStrategy[Case],
    gradients: Sequence[str],
    *,
    asks_value: bool = True,
    also: Mapping[str, Step] | None = None,
) -> Question:
    """A function that returns its value and its gradients at once; otherwise as a pair."""

    def spec(answer: Answer) -> OpSpec:
        return OpSpec(answer.names[name], None, inputs, name=name)

    return _op(spec, (name, name), ("loss",) if asks_value else (), gradients, also or {})


def _op(
    spec: Callable[[Answer], OpSpec],
    names: tuple[str, str],
    values: tuple[str, ...],
    gradients: Sequence[str],
    also: Mapping[str, Step],
) -> Question:
    def judge(asked: Asked) -> Iterator[Part]:
        yield from _judged(asked, spec(asked.answer), names, values, gradients)
        yield from (one_part(name, step, asked) for name, step in also.items())

    return Question(tuple(dict.fromkeys(names)), (*values, *gradients, FLOAT32, *also), judge)


def _judged(
    asked: Asked, spec: OpSpec, names: tuple[str, str], values: tuple[str, ...], gradients: Sequence[str]
) -> Iterator[Part]:
    """The parts of an op: its value, if that is asked for, its gradients, and FLOAT32; as far as one gets.

    names: of the function that gives the value, and of the one that gives the gradients. The solution's function of the
    first name says what the value should be.
    """
    subject, calls = _guarded(asked, spec, names).subject(), asked.calls(spec.cases())
    calls.sort(key=lambda case: sum(array.size for _, array in case.arrays()))
    try:
        for case in calls:
            _right_value(subject, case, names[0], asked.solution(names[0]))
    except Complaint as complaint:
        if not values and complaint.verdict == WRONG:
            complaint.message += f"\n{ALTERED.format(name=names[0])}"
        blamed = values if values and spec.backward else [*values, *gradients]
        yield from all_alike(blamed, complaint.verdict, complaint.message)
        return
    yield from (Part(name) for name in values)

    shapes: dict[str, str] = {}
    try:
        for case in calls:
            shapes |= _wrong_shapes(subject, case, names[1], gradients, asked.seed)  # those of the largest stay
    except Complaint as complaint:
        yield from all_alike(gradients, complaint.verdict, complaint.message)
        return

    report = sweep(spec, examples=asked.examples, seed=asked.seed)
    kinks = next((one.detail for one in report.properties if one.name == FINITE and one.status == "failed"), "")
    found = []
    for i, name in enumerate(gradients):
        said = report.gradients[min(i, len(report.gradients) - 1)]  # one for all, if none could be told from the others
        part = _gradient(said, shapes.get(name, ""), name, spec, asked.hides_causes)
        found.append(Part(name, WRONG, kinks) if kinks and part else part)
    yield from found
    if all(found):
        yield _float32(spec, subject, calls)


def _float32(spec: OpSpec, subject: Subject, calls: list[Case]) -> Part:
    """Whether float32 stays float32."""
    try:
        for case in calls[::4]:
            dtype_kept(spec, subject, case)
    except AssertionError as error:
        text = f"{error}. Often that comes from np.zeros(shape), or from a NumPy number such as np.sqrt(2)"
        return Part(FLOAT32, WRONG, text)
    except Complaint as complaint:
        return Part(FLOAT32, complaint.verdict, complaint.message)
    return Part(FLOAT32)


def _guarded(asked: Asked, spec: OpSpec, names: tuple[str, str]) -> OpSpec:
    """The spec with functions that raise nothing but Complaint. (The sweep has its own way with what is raised.)"""
    forward, backward = map(asked.answer.function, names)
    return replace(spec, forward=forward, backward=backward if spec.backward else None)


def _right_value(subject: Subject, case: Case, name: str, solution: Callable) -> None:
    """Complain unless the function gives, for this call, the value that the solution gives, and does nothing else."""
    given = case.copied()
    expected = np.asarray(solution(*case.copied().args, **case.settings)[0])
    try:
        (out,), _ = subject.run(given)
    except GradientCountError as error:
        raise Complaint(str(error).rstrip(".")) from None
    except Complaint as complaint:
        raise _with_call(complaint, case) from None
    compare(out, expected, f"{name}: {'its value' if subject.takes_upstream else 'the loss'}", case)
    _leaves_alone(given, case, subject, name)


def _with_call(complaint: Complaint, case: Case) -> Complaint:
    """The complaint, with the call that led to it."""
    if complaint.verdict == WRONG:
        complaint.message += f"\nfor {_plain(case.describe())}"
    return complaint


def _leaves_alone(given: Case, case: Case, subject: Subject, name: str) -> None:
    """Complain if the arrays that were given are no longer those of the call."""
    for place, array in given.arrays():
        if not np.array_equal(array, case.at(place), equal_nan=array.dtype.kind == "f"):
            argument = subject.gradient_names(case)[place][1:]
            raise Complaint(f"{name} writes into {argument}, which belongs to the caller: work on a copy")


def compare(found: Any, expected: np.ndarray, what: str, case: Case) -> None:
    """Complain unless `found`, that comes from this call, is an array like `expected`. what: its name."""
    for_call = f"\nfor {_plain(case.describe())}"
    try:
        values = numbers(found, expected.shape, what)
    except Complaint as complaint:
        raise Complaint(f"{complaint}{for_call}") from None
    if not np.allclose(values, expected, rtol=1e-6, atol=1e-8, equal_nan=True):
        raise Complaint(largest_difference(values, expected, what) + for_call)


def _plain(call: str) -> str:
    """A call in words, without the dtypes and shapes of arrays whose values are printed."""
    return KIND_AND_SHAPE.sub("", call)


def _wrong_shapes(subject: Subject, case: Case, name: str, called: Sequence[str], seed: int) -> dict[str, str]:
    """A sentence for each gradient of the wrong shape. Complains of a backward that gives no gradients.

    called: what the gradients are called, in order.
    """
    given = case.copied()
    outs, backward = subject.run(given)
    upstream = upstream_for(tuple(map(np.array, outs)), subject, np.random.default_rng(seed))
    sent = copies(upstream)
    try:
        gradients = backward(sent)
    except GradientCountError as error:
        raise Complaint(str(error).rstrip(".")) from None
    except Complaint as complaint:
        raise _with_call(complaint, case) from None
    if any(one is not None and not (one == other).all() for one, other in zip(upstream, sent, strict=True)):
        raise Complaint(f"{name} writes into dout, which others still need: work on a copy")
    _leaves_alone(given, case, subject, name)
    places = case.places()[: len(called)]  # mse_loss gives no gradient for its targets
    found = {one: gradients.get(place) for one, place in zip(called, places, strict=True)}
    for one, gradient in found.items():
        if gradient is None:
            raise Complaint(f"{name} returns None for {one}")
        if np.asarray(gradient).dtype.kind not in "fiub":
            raise Complaint(f"{name} must return an array of numbers for {one}, got {described(gradient)}")
    wrong = {}
    for (one, gradient), place in zip(found.items(), places, strict=True):
        shape, due = np.asarray(gradient).shape, case.at(place).shape
        if shape != due:
            wrong[one] = f"it must have {one[1:]}'s shape {due}, got {shape}"
    return wrong


def _gradient(report: GradientReport, shape: str, name: str, spec: OpSpec, hides_cause: bool) -> Part:
    """The part of a gradient, from what the sweep says."""
    if report.verdict not in FAILING:
        return Part(name)
    is_number = report.verdict == WRONG_GRADIENT  # and not, for example, another one each time
    detail = ("" if shape else "still wrong") if is_number and hides_cause else report.detail
    lines = [shape, detail]
    if is_number and not shape and report.index is not None:
        place = f"at [{', '.join(map(str, report.index))}] " if report.index else ""
        lines.append(f"{place}it is {report.analytic:.6g}, differences say {report.numeric:.6g}")
    example = f"{spec.name}({_plain(report.example)})" if report.example else ""
    return Part(name, WRONG, "\n".join(filter(None, lines)), None if hides_cause else report.cause, example)


# -- everything else ---------------------------------------------------------------------------------------------------


def each(functions: tuple[str, ...], steps: Mapping[str, Step]) -> Question:
    """Parts that have nothing to do with each other."""

    def judge(asked: Asked) -> Iterator[Part]:
        yield from (one_part(name, step, asked) for name, step in steps.items())

    return Question(functions, tuple(steps), judge)


def one_part(name: str, step: Step, asked: Asked) -> Part:
    """Right, unless `step` complains."""
    try:
        step(asked)
    except Complaint as complaint:
        return Part(name, complaint.verdict, complaint.message)
    return Part(name, RIGHT)


def judged(asked: Asked, question: Question) -> Iterator[Part]:
    """The parts of an answer that can be looked at. Nothing that the student's functions raise passes through."""
    left = list(question.parts)
    try:
        for name in question.functions:
            asked.answer.function(name)
        for part in question.judge(asked):
            left.remove(part.name)
            yield part
    except Complaint as complaint:
        yield from all_alike(left, complaint.verdict, complaint.message)
    except (Exception, SystemExit) as error:
        where = asked.answer.where(error)
        if not where and not isinstance(error, SystemExit):
            raise
        about = asked.answer.complaint(error, where[-1][1] if where else question.functions[-1])
        yield Part(left[0], about.verdict, about.message)
