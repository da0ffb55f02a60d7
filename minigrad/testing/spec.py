"""`OpSpec`: what an op is tested with; `sweep`: everything that can be asked of it.

spec = OpSpec(my_forward, my_backward, inputs=(arrays((3, 4)), arrays((4, 2))))
assert sweep(spec)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from minigrad.backend import is_array
from minigrad.cuda import is_available
from minigrad.lift import differentiable, takes
from minigrad.tensor import Tensor
from minigrad.testing.diagnosis import diagnose
from minigrad.testing.diagnosis.axes import AXES
from minigrad.testing.examine import Examination, examine
from minigrad.testing.falsify import Falsifier
from minigrad.testing.report import FAILING, WRONG, GradientReport, Report
from minigrad.testing.strategies import cases
from minigrad.testing.subjects import Case, Loss, Pair, Subject, upstream_for

EXAMPLES = 40
SAME_ON_GPU = {"float64": 1e-10, "float32": 1e-4, "float16": 1e-2}  # the order of a sum decides its last digits
SEVERAL = 6  # drawn calls on which each property other than the gradients is tried


@dataclass(frozen=True)
class OpSpec:
    """An op, and the calls on which it is to be right.

    forward, backward: a pair as `differentiable` takes. backward None: forward returns (value, gradient) at once, as
        `softmax_loss` does.
    inputs: Hypothesis strategies, one for each argument; or one for all, that gives a tuple of arguments or a Case. See
        `minigrad.testing.strategies`.
    settings: a strategy, or a value, for each keyword.
    kinks: values at which there is no slope (relu: 0). Drawn values are moved away from them, and one more call is made
        with them only, on which gradients must be finite.
    reference: a function of the same arguments that gives the right output.
    broadcasts: the arguments broadcast, and gradients may come in the output's shape.
    flows: for several outputs, which of them has a gradient; None: every floating-point one.
    name: of the op; None: that of `forward`.
    """

    forward: Callable
    backward: Callable | None = None
    inputs: Any = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    kinks: Sequence[float] = ()
    reference: Callable | None = None
    broadcasts: bool = False
    flows: tuple[bool, ...] | None = None
    name: str | None = None

    def subject(self) -> Subject:
        """What can be checked of it."""
        if self.backward is None:
            return Loss(self.forward, self.name)
        return Pair(self.forward, self.backward, self.name, broadcasts=self.broadcasts, flows=self.flows)

    def cases(self) -> SearchStrategy[Case]:
        """The calls, with values away from the kinks."""
        drawn = cases(self.inputs, dict(self.settings))
        return drawn.map(self._away_from_kinks) if self.kinks else drawn

    def _away_from_kinks(self, case: Case) -> Case:
        for place in case.places():
            array = case.at(place)
            for kink in self.kinks:
                near = np.abs(array - kink) < 0.05
                array = np.where(near, kink + np.where(array >= kink, 0.05, -0.05), array).astype(array.dtype)
            case = case.with_array(place, array)
        return case


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


class Unfit(Exception):
    """The op cannot be called like this, so the question does not arise."""


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
            report = smallest.gradients[falsifier.place(smallest, name)].report
            if report.verdict == WRONG:
                report = _diagnosed(subject, name, smallest, failing, falsifier, seed)
            yield replace(report, example=smallest.case.describe())
        elif crash and not blamed:
            yield GradientReport(name, WRONG, "unknown", crash.text, example=crash.case.describe())
        else:
            yield falsifier.gravest(name)


def _diagnosed(
    subject: Subject, name: str, smallest: Examination, failing: list[Examination], falsifier: Falsifier, seed: int
) -> GradientReport:
    """The smallest call's report, with the cause that explains all of them. Arguments may sit in other places in other
    calls (a list of arrays), so only calls with this one's places are compared."""
    place = falsifier.place(smallest, name)
    alike = [one for one in failing if falsifier.place(one, name) == place]
    wrong = [one for one in alike if one.gradients[place].report.verdict == WRONG]
    # What is wrong in its values or its shape tells more than a call in which nothing could be measured.
    diagnosis = diagnose(subject, place, [smallest, *wrong], seed)
    report = smallest.gradients[place].report
    return replace(report, cause=diagnosis.cause, detail=diagnosis.detail)


def _asked(
    name: str, question: Callable[[OpSpec, Subject, Case], None], spec: OpSpec, subject: Subject, drawn: list[Case]
) -> Property:
    """Put one question for each drawn call."""
    answered, reason = 0, "no call could be drawn"
    for case in drawn:
        try:
            with np.errstate(all="ignore"):
                question(spec, subject, case)
            answered += 1
        except Unfit as unfit:
            reason = str(unfit)
        except AssertionError as failure:
            return Property(name, "failed", f"{failure}, for {case.describe()}")
        except Exception as error:
            return Property(name, "failed", f"raises {type(error).__name__}: {error}, for {case.describe()}")
    return Property(name) if answered else Property(name, "-", reason)


# -- the questions -----------------------------------------------------------------------------------------------------


def reference_agrees(spec: OpSpec, subject: Subject, case: Case) -> None:
    """Forward gives what the reference gives."""
    if spec.reference is None:
        raise Unfit("there is no reference")
    given = case.copied()
    expected = spec.reference(*given.args, **given.settings)
    expected = expected if isinstance(expected, tuple) else (expected,)
    outs = _run(subject, case)[0]
    for out, right in zip(outs, expected, strict=False):
        assert np.shape(out) == np.shape(right), f"forward must give shape {np.shape(right)}, gives {np.shape(out)}"
        size = float(np.abs(right).max(initial=1.0))
        assert np.allclose(out, right, rtol=1e-6, atol=1e-8 * size, equal_nan=True), "forward gives other values"


def dtype_kept(spec: OpSpec, subject: Subject, case: Case) -> None:
    """float32 in, float32 out, in forward and in every gradient."""
    if not case.places():
        raise Unfit("no floating-point argument")
    case = case.each(lambda array: array.astype(np.float32) if array.dtype.kind == "f" else array)
    outs, backward = _run(subject, case)
    for out in outs:
        dtype = np.asarray(out).dtype
        assert isinstance(out, float) or dtype.kind != "f" or dtype == np.float32, f"float32 in, {dtype} out"
    for place, gradient in backward(upstream_for(outs, subject, np.random.default_rng(0))).items():
        dtype = np.asarray(gradient).dtype
        name = subject.gradient_names(case)[place]
        assert gradient is None or dtype.kind != "f" or dtype == np.float32, f"{name} is {dtype} for float32 arguments"


def scalars(spec: OpSpec, subject: Subject, case: Case) -> None:
    """0-d arrays, where forward takes them."""
    if any(word in AXES for word in case.settings):
        raise Unfit("an axis is given")
    _right(subject, _reshaped(subject, case, lambda array: np.asarray(array).ravel()[:1].reshape(())))


def zero_size(spec: OpSpec, subject: Subject, case: Case) -> None:
    """An empty batch, where forward takes one: gradients of the right shapes, and nothing that is not a number."""
    arrays = [array for _, array in case.arrays() if array.ndim]
    if not arrays:
        raise Unfit("no array with an axis")
    batch = arrays[0].shape[0]
    shrunk = case.each(lambda array: array[:0] if array.ndim and array.shape[0] == batch else array)
    first = case.with_array(next(place for place, array in case.arrays() if array.ndim), arrays[0][:0])
    try:
        _right(subject, _accepted(subject, first))
    except Unfit:
        _right(subject, _accepted(subject, shrunk))


def broadcasting(spec: OpSpec, subject: Subject, case: Case) -> None:
    """Arguments of length 1 along an axis, or without a leading one, get gradients of their own shape."""
    arrays = dict(case.arrays())
    if not spec.broadcasts or len(arrays) < 2:
        raise Unfit("it does not broadcast")
    for place, array in arrays.items():
        for smaller in [array[:1], array[0]] if array.ndim else []:
            _right(subject, _accepted(subject, case.with_array(place, smaller)))


def finite_at_kinks(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On a kink there is no slope, but there must be a gradient."""
    if not spec.kinks:
        raise Unfit("no kinks are given")
    rng = np.random.default_rng(0)
    case = case.each(
        lambda array: (
            rng.choice(np.asarray(spec.kinks), array.shape).astype(array.dtype) if array.dtype.kind == "f" else array
        )
    )
    outs, backward = _run(subject, case)
    for place, gradient in backward(upstream_for(outs, subject, rng)).items():
        finite = np.isfinite(np.asarray(gradient, float)).all()
        assert finite, f"{subject.gradient_names(case)[place]} is not finite at a kink"


def not_aliased(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On the tape: two gradients never lie in the same memory, nor in that of an argument or of dout."""
    leaves, out, upstream = _on_the_tape(spec, subject, case)
    out.backward(Tensor(upstream))
    owned = [leaf.grad.array for leaf in leaves if leaf.grad is not None]
    for i, one in enumerate(owned):
        for other in [*owned[i + 1 :], *(leaf.array for leaf in leaves), upstream]:
            assert not np.shares_memory(one, other), "a gradient lies in the memory of another array"


def accumulated(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On the tape: a second backward adds to the gradients, it does not replace them."""
    leaves, out, upstream = _on_the_tape(spec, subject, case)
    out.backward(Tensor(upstream), retain_graph=True)
    once = [None if leaf.grad is None else leaf.grad.array.copy() for leaf in leaves]
    out.backward(Tensor(upstream))
    for leaf, first in zip(leaves, once, strict=True):
        if leaf.grad is not None and first is not None:
            assert np.allclose(leaf.grad.array, 2 * first, equal_nan=True), "a second backward does not add"


def same_on_gpu(spec: OpSpec, subject: Subject, case: Case) -> None:
    """CuPy arrays, where forward takes them, give what NumPy arrays give, as CuPy arrays."""
    if not is_available():
        raise Unfit("no GPU")
    here = case.copied()
    there = Case(tuple(map(_on_gpu, here.args)), {word: _on_gpu(value) for word, value in here.settings.items()})
    outs, backward = _run(subject, here)
    try:
        outs_there, backward_there = subject.run(there)
    except TypeError as error:
        raise Unfit(f"forward does not take CuPy arrays: {error}") from error
    upstream = upstream_for(outs, subject, np.random.default_rng(0))
    found, found_there = backward(upstream), backward_there(_on_gpu(upstream))
    names = subject.gradient_names(case)
    for out, other in zip(outs, outs_there, strict=True):
        _same_there("forward", out, other)
    for place, gradient in found.items():
        _same_there(names[place], gradient, found_there[place])


def _on_gpu(thing: Any) -> Any:
    """Arrays as CuPy's, also those in a list or tuple."""
    if isinstance(thing, (list, tuple)):
        return type(thing)(map(_on_gpu, thing))
    return __import__("cupy").asarray(thing) if is_array(thing) else thing


def _same_there(what: str, here: Any, there: Any) -> None:
    if here is None or there is None:
        assert here is there, f"{what} is None on one of CPU and GPU only"
        return
    if isinstance(here, (bool, int, float)):
        there = float(there)
    else:
        kind = type(there).__module__.partition(".")[0]
        assert kind == "cupy", f"{what} gives a {kind} {type(there).__name__} for CuPy arrays"
        assert (there.dtype, there.shape) == (here.dtype, here.shape), f"{what} differs on the GPU"
        there = there.get()
    digits = SAME_ON_GPU.get(np.asarray(here).dtype.name, 0)
    assert np.allclose(there, here, rtol=digits, atol=digits, equal_nan=True), f"{what} differs on the GPU"


PROPERTIES: dict[str, Callable[[OpSpec, Subject, Case], None]] = {
    "reference": reference_agrees,
    "dtype kept": dtype_kept,
    "0-d": scalars,
    "zero-size": zero_size,
    "broadcasting": broadcasting,
    "finite at kinks": finite_at_kinks,
    "gradients not aliased": not_aliased,
    "accumulation": accumulated,
    "NumPy = CuPy": same_on_gpu,
}


def _run(subject: Subject, case: Case) -> tuple[tuple[Any, ...], Callable]:
    with np.errstate(all="ignore"):
        return subject.run(case.copied())


def _accepted(subject: Subject, case: Case) -> Case:
    """The call, if forward takes it."""
    try:
        outs, _ = _run(subject, case)
    except Exception as error:
        raise Unfit(f"forward does not take it: {type(error).__name__}") from error
    if not outs:
        raise Unfit("it has no output then")
    return case


def _reshaped(subject: Subject, case: Case, change: Callable) -> Case:
    return _accepted(subject, case.each(change))


def _right(subject: Subject, case: Case) -> None:
    for gradient in examine(subject, case).gradients.values():
        assert gradient.report.verdict != WRONG, f"{gradient.report.name} is wrong there: {gradient.report.detail}"


def _on_the_tape(spec: OpSpec, subject: Subject, case: Case) -> tuple[list[Tensor], Tensor, np.ndarray]:
    """(the tensors, the first output, an upstream gradient for it) of the op as `differentiable` lifts it."""
    if spec.backward is None:
        raise Unfit("a loss is no op")
    assert isinstance(subject, Pair)
    if any(isinstance(argument, (list, tuple)) for argument in case.args):
        raise Unfit("its arguments are lists")
    backward = spec.backward

    def one_for_each(dout: Any, kept: Any, needs: tuple[bool, ...]) -> tuple:
        cache, given = kept
        found = backward(dout, cache, needs=needs) if takes(backward, "needs") else backward(dout, cache)
        placed = subject._placed(given, found)
        return tuple(placed.get((i,)) for i in range(len(given.args)))

    def forward(*args: Any, **settings: Any) -> tuple[Any, Any]:
        out, cache = spec.forward(*args, **settings)
        return out, (cache, Case(args, settings))

    copied = case.copied()
    tensors = [
        Tensor(one, requires_grad=(i,) in case.places()) if (i,) in dict(case.arrays()) else one
        for i, one in enumerate(copied.args)
    ]
    result = differentiable(forward, one_for_each, name=subject.name)(*tensors, **copied.settings)
    out = result[0] if isinstance(result, tuple) else result
    leaves = [tensor for tensor in tensors if isinstance(tensor, Tensor) and tensor.requires_grad]
    if not out.requires_grad:
        raise Unfit("nothing flows back")
    return leaves, out, np.random.default_rng(0).standard_normal(out.shape).astype(out.dtype)
