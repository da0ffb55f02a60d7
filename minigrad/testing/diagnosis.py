"""What is probably wrong with a gradient: the mistakes that people make, tried one after another.

A rule looks at one failing call and returns sentences, each an explanation of all that it sees there; none if the
mistake is another. A cause is named only if one and the same sentence explains every failing call that is at hand: the
drawn ones, and redraws of their values. One call alone would match too much: of a single element, everything is a
constant factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, permutations
from math import prod
from typing import Any

import numpy as np

from minigrad.testing.examine import Examination, gradient_at, jacobian_at, measured_at, slopes_at
from minigrad.testing.report import WRONG, GradientReport
from minigrad.testing.subjects import Case, Place, Subject, Upstream, upstream_for

ENOUGH = 5  # failing calls to look at
STRIDES = ("stride", "strides", "stride_h", "stride_w")
PADDINGS = ("padding", "pad", "pads")
AXES = ("axis", "dim", "axes", "dims")


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
    _memory: dict = field(default_factory=dict)

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

    def jacobian(self) -> np.ndarray:
        """d outputs / d x, of shape (elements of x, elements of the outputs)."""
        if "jacobian" not in self._memory:
            self._memory["jacobian"] = jacobian_at(self.subject, self.case, self.place)
        return self._memory["jacobian"]

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


Rule = Callable[[Evidence], list[str] | None]  # None: this call can neither confirm nor refute it


def diagnose(subject: Subject, place: Place, failing: Sequence[Examination], seed: int = 0) -> GradientReport:
    """The report of the gradient at `place` in the first of the failing calls, with its cause.

    failing: examinations in which this gradient is wrong, the one to report first.
    """
    report = failing[0].gradients[place].report
    if report.verdict != WRONG or (report.cause == "wrong-shape" and failing[0].gradients[place].measured is None):
        return report
    if all(one.gradients[place].tied for one in failing):
        return report
    rng = np.random.default_rng(seed)
    evidence = list(_evidence(subject, place, failing, rng))
    if not evidence:
        return report
    misshapen = [one for one in evidence if one.found.shape != one.due.shape]
    for cause, rule in SHAPE_RULES if misshapen else RULES:
        explanations = _common(rule(one) for one in (misshapen or evidence))
        if explanations:
            return replace(report, cause=cause, detail=explanations[0])
    return report


def _evidence(
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


def _common(answers: Iterable[list[str] | None]) -> list[str]:
    """The sentences that are in every answer. No more are asked for once there is none."""
    common: list[str] | None = None
    for answer in answers:
        if answer is not None:
            common = [sentence for sentence in answer if common is None or sentence in common]
            if not common:
                break
    return common or []


def _subsets(ndim: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(ndim), k) for k in range(1, ndim + 1)))


def _axes_text(axes: Sequence[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


# -- of a wrong shape --------------------------------------------------------------------------------------------------


def not_summed(e: Evidence) -> list[str]:
    """Summed over some of its axes, the gradient is right."""
    sentences = []
    for axes in _subsets(e.found.ndim):
        if any(_fits(e, e.found.sum(axes, keepdims=keep)) for keep in (False, True)):
            sentences.append(f"it must be summed over {_axes_text(axes)}, along which the argument was broadcast")
            from_right = tuple(axis - e.found.ndim for axis in axes)
            sentences.append(f"it must be summed over {_axes_text(from_right)}, along which the argument was broadcast")
    return sentences + (["it must be summed over the axes along which the argument was broadcast"] if sentences else [])


def transposed_shape(e: Evidence) -> list[str]:
    """With its axes in another order, the gradient is right."""
    if any(_fits(e, e.found.transpose(order)) for order in permutations(range(e.found.ndim))):
        return ["it is the right gradient with its axes in another order; transpose it"]
    return []


def summed_shape(e: Evidence) -> list[str]:
    """It is a sum over the wrong axes."""
    return _summed_over_others(e)


def reshaped(e: Evidence) -> list[str]:
    """The right numbers, in a wrong shape."""
    size = e.found.size == e.due.size and e.same(e.found.reshape(e.due.shape), e.due)
    return ["the numbers are right, the shape is not; reshape it"] if size else []


def misshapen(e: Evidence) -> list[str]:
    """Nothing else fits."""
    return ["it must have the shape of its argument"]


def _fits(e: Evidence, candidate: np.ndarray) -> bool:
    return candidate.shape == e.due.shape and e.same(candidate, e.due)


# -- of the right shape ------------------------------------------------------------------------------------------------


def upstream_ignored(e: Evidence) -> list[str]:
    """The same gradient for another upstream gradient."""
    if not e.subject.takes_upstream or not e.found.any():
        return []
    other = tuple(
        None if one is None else one * 2 + np.cos(np.arange(one.size)).reshape(one.shape) for one in e.upstream
    )
    if e.same(e.gradient(upstream=other), e.found) and not e.same(e.slope(upstream=other), e.due):
        return ["it does not depend on the upstream gradient dout: by the chain rule it must be multiplied by it"]
    return []


def only_with_stride(e: Evidence) -> list[str] | None:
    """Right for stride 1."""
    return _right_without(e, STRIDES, 1, "it is right for stride 1, and wrong for a larger one")


def only_at_border(e: Evidence) -> list[str] | None:
    """Right without padding, or right everywhere but at the border of the last two axes."""
    sentences = _right_without(e, PADDINGS, 0, "it is right without padding, and wrong with it")
    if sentences is not None and e.x.ndim >= 3 and e.wrong.any():
        inner = np.zeros(e.x.shape, bool)
        inner[..., 1:-1, 1:-1] = True
        inside = inner & (np.abs(e.due) > 1e-6)
        if inside.sum() >= 2 and not e.wrong[inner].any():
            sentences.append("it is right inside, and wrong at the border")
    return sentences


def _right_without(e: Evidence, words: Sequence[str], plain: int, sentence: str) -> list[str] | None:
    """None where the call without it is not possible."""
    for case in _with_named(e.case, words, plain):
        outs = _outputs(e, case)
        if outs is None:
            return None
        upstream = upstream_for(outs, e.subject, np.random.default_rng(0))
        right, found = e.slope(case, upstream), e.gradient(case, upstream)
        if right is None or found is None or not np.isfinite(right).all() or not right.any():
            return None
        if found.shape == right.shape and np.allclose(found, right, 1e-4, 1e-6):
            return [sentence]
    return []


def _with_named(case: Case, words: Sequence[str], value: Any) -> Iterator[Case]:
    """The same call with a setting, also one in a dict as courses give it, put to another value that was not so."""
    for word, old in case.settings.items():
        if word in words and old not in (value, (value, value), None):
            yield case.with_setting(**{word: value})
    for i, argument in enumerate(case.args):
        if isinstance(argument, dict):
            for word, old in argument.items():
                if word in words and old not in (value, (value, value), None):
                    yield replace(case, args=(*case.args[:i], {**argument, word: value}, *case.args[i + 1 :]))


def wrong_sign(e: Evidence) -> list[str]:
    """Minus the gradient, everywhere or in places."""
    if e.same(-e.found, e.due):
        return ["it has the wrong sign everywhere"]
    if e.same(np.abs(e.found), np.abs(e.due)):
        return ["its sign is wrong in some places, its size is right"]
    return []


def constant_factor(e: Evidence) -> list[str]:
    """A multiple of what is due."""
    ratio = _ratio(e, e.due)
    return _named_factors(e, ratio) if ratio is not None else []


def _ratio(e: Evidence, due: np.ndarray) -> float | None:
    """found / due, if that is one number, and not 0 or 1."""
    counts = (np.abs(due) > 1e-5 * np.abs(due).max(initial=1e-30)) & ~e.kink
    if not counts.any():
        return None
    ratio = float(np.sum(e.found[counts] * due[counts]) / np.sum(due[counts] ** 2))
    if abs(ratio) < 1e-8 or abs(ratio - 1) < 1e-4 or not np.isfinite(ratio) or not e.same(e.found / ratio, due):
        return None
    return ratio


def _named_factors(e: Evidence, ratio: float) -> list[str]:
    """What the factor is: a length, a product of lengths, a setting; and at last the number itself."""
    sentences = []
    for text, number in _lengths(e):
        if number == 1:
            continue
        for word, value in ((text, number), (f"the root of {text}", number**0.5)):
            if abs(ratio / value - 1) < 1e-4:
                sentences.append(f"it is too large by a factor of {word}; divide by it")
            if abs(ratio * value - 1) < 1e-4:
                sentences.append(f"it is too small by a factor of {word}; multiply by it")
    return sentences + [f"it is {ratio:.4g} times what is due, everywhere", "it is a multiple of what is due"]


def _lengths(e: Evidence) -> Iterator[tuple[str, float]]:
    """Numbers that a formula may hold, in words."""
    yield "2", 2
    dicts = [argument for argument in e.case.args if isinstance(argument, dict)]
    for word, value in chain(e.case.settings.items(), *(one.items() for one in dicts)):
        if isinstance(value, float) and 0 < value < 1:
            yield f"1 - {word}", 1 - value
            yield word, value
    shapes = [("dout", e.dout.shape), ("its argument", e.x.shape)]
    shapes += [(f"argument {place[0]}", array.shape) for place, array in e.others()]
    for name, shape in shapes:
        for i, n in enumerate(shape):
            yield f"the length of axis {i} of {name}", n
            yield f"the length of axis {i} of {name} less 1", max(n - 1, 1)
        for axes in _subsets(len(shape)):
            if len(axes) > 1:
                yield f"the number of elements along {_axes_text(axes)} of {name}", prod(shape[i] for i in axes)


def wrong_axis(e: Evidence) -> list[str]:
    """Right for another axis."""
    sentences = []
    for case in _other_axes(e.case, e.x.ndim):
        sizes = [np.asarray(one) for one in e.upstream if one is not None]
        outs = _outputs(e, case)
        if outs is None or len(sizes) != 1 or np.size(outs[0]) != sizes[0].size:
            continue
        for upstream in {np.shape(outs[0]), sizes[0].shape}:
            if upstream == np.shape(outs[0]) and e.same(
                e.slope(case, (sizes[0].reshape(upstream), *[None] * (len(e.upstream) - 1))), e.found
            ):
                sentences.append("it is the gradient for another axis than the forward's")
    return list(dict.fromkeys(sentences)) + _summed_over_others(e) + _spread_over_others(e)


def _outputs(e: Evidence, case: Case) -> tuple[Any, ...] | None:
    try:
        return e.subject.run(case.copied())[0]
    except Exception:
        return None


def _other_axes(case: Case, ndim: int) -> Iterator[Case]:
    for word, old in case.settings.items():
        if word in AXES and old is not None:
            for axis in range(ndim):
                value = (axis,) if isinstance(old, tuple) else axis
                if value != old and not (isinstance(old, int) and axis == old % ndim):
                    yield case.with_setting(**{word: value})


def _summed_over_others(e: Evidence) -> list[str]:
    """What is due is a sum of dout, or of dout times something, over some axes; this one is over others."""
    sentences = []
    for text, terms in _terms(e):
        right = [axes for axes in _subsets(terms.ndim) if _fits_squeezed(terms.sum(axes), e.due)]
        taken = [axes for axes in _subsets(terms.ndim) if _fits_squeezed(terms.sum(axes), e.found)]
        if right and set(taken) - set(right):
            sentences.append(f"{text} is summed over the wrong axes")
        if right and _fits_squeezed(terms, e.found):
            sentences.append(f"{text} is not summed")
    return sentences


def _terms(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """dout, and what each element of the output contributes: the sum of these over the right axes is due."""
    yield "dout", e.dout
    if len([one for one in e.upstream if one is not None]) == 1 and e.x.size <= e.dout.size:
        yield "a product with dout", e.dout * e.jacobian().sum(axis=0).reshape(e.dout.shape)


def _fits_squeezed(one: np.ndarray, other: np.ndarray) -> bool:
    if sorted(n for n in one.shape if n > 1) != sorted(n for n in other.shape if n > 1) or one.size != other.size:
        return False
    if tuple(n for n in one.shape if n > 1) != tuple(n for n in other.shape if n > 1):
        return False
    return bool(np.allclose(np.ravel(one), np.ravel(other), rtol=1e-4, atol=1e-6))


def _spread_over_others(e: Evidence) -> list[str]:
    """What is due has equal elements along some axes; this one along others. Or: a softmax whose sum is over others."""
    if e.found.ndim < 2 or e.found.shape != e.due.shape:
        return []
    if e.out.shape == e.x.shape == e.dout.shape:
        whole = range(e.x.ndim)
        for scale, terms in ((e.out, e.dout * e.out), (np.exp(e.out), e.dout)):
            candidates = {
                axes: (e.out * e.dout if scale is e.out else e.dout) - scale * terms.sum(axes, keepdims=True)
                for axes in [*((i,) for i in whole), tuple(whole)]
            }
            right = [axes for axes, one in candidates.items() if e.same(one, e.due)]
            taken = [axes for axes, one in candidates.items() if axes not in right and e.same(one, e.found)]
            if right and taken:
                return ["its inner sum runs over another axis than the forward's"]
    constant_due = [i for i in range(e.due.ndim) if e.due.shape[i] > 1 and _constant_along(e.due, i)]
    constant_found = [i for i in range(e.due.ndim) if e.due.shape[i] > 1 and _constant_along(e.found, i)]
    if constant_due and constant_found and not set(constant_due) <= set(constant_found):
        return ["dout is spread over another axis than the forward's"]
    return []


def _constant_along(array: np.ndarray, axis: int) -> bool:
    return bool(np.allclose(array, array.take([0], axis), rtol=1e-6, atol=1e-9))


def transpose(e: Evidence) -> list[str]:
    """Square arrays hide a transpose that is missing or too many."""
    if e.found.ndim >= 2:
        for order in permutations(range(e.found.ndim)):
            turned = e.found.transpose(order)
            if order != tuple(range(e.found.ndim)) and turned.shape == e.due.shape and e.same(turned, e.due):
                return ["it is the right gradient with its axes in another order; transpose it"]
    for place, array in e.others():
        square = array.ndim >= 2 and array.shape[-1] == array.shape[-2]
        if square and e.same(e.slope(e.case.with_array(place, array.swapaxes(-1, -2).copy())), e.found):
            return ["it would be right for the transpose of another argument; transpose that in the product"]
    if e.dout.ndim >= 2 and e.dout.shape[-1] == e.dout.shape[-2]:
        upstream = tuple(None if one is None else one.swapaxes(-1, -2).copy() for one in e.upstream)
        if e.same(e.slope(upstream=upstream), e.found):
            return ["it would be right for the transpose of dout"]
    return []


def kernel_flipped(e: Evidence) -> list[str]:
    """Right when the gradient, or the kernel, is turned by 180 degrees."""
    sentence = "it would be right with the kernel turned by 180 degrees (or with one turn less)"
    if e.x.ndim < 3 and not any(array.ndim >= 3 for _, array in e.others()):
        return []
    for axes in ((-2, -1), (-1,), (-2,)):
        if e.x.ndim >= 3 and e.same(np.flip(e.found, axes), e.due):
            return [sentence]
        for place, array in e.others():
            if array.ndim >= 3 and e.same(e.slope(e.case.with_array(place, np.flip(array, axes).copy())), e.found):
                return [sentence]
    return []


def overwritten(e: Evidence) -> list[str]:
    """Of all contributions to an element only the last one, or the first, is there."""
    outputs = [one for one in e.upstream if one is not None]
    if len(outputs) != 1 or outputs[0].ndim == 0 or not e.found.any():
        return []
    dout = outputs[0]
    terms = (e.jacobian() * dout.ravel()).reshape(e.x.size, *dout.shape)
    for axes in _subsets(dout.ndim):
        rest = tuple(i + 1 for i in range(dout.ndim) if i not in axes)
        groups = terms.sum(rest).reshape(e.x.size, -1)
        there = np.abs(groups) > 1e-7
        if not (there.sum(axis=1) > 1).any():
            continue
        for which, pick in (("last", lambda row: row[-1]), ("first", lambda row: row[0])):
            kept = [pick(row[mask]) if mask.any() else 0.0 for row, mask in zip(groups, there, strict=True)]
            if e.same(np.array(kept).reshape(e.x.shape), e.found):
                return [f"contributions are overwritten, not added: only the {which} one to each element is there"]
    return []


def wrong_mask(e: Evidence) -> list[str]:
    """Passed where it must be stopped, and stopped where it must be passed."""
    wrong = e.wrong
    if not e.found.any() or not wrong.any():
        return []
    generic = "it is stopped, or passed, in the wrong places: the mask is not the forward's"
    if _handed_to_others(e):
        return ["each element of dout goes to one element, but to another one than forward took", generic]
    with np.errstate(all="ignore"):
        stopped = np.abs(e.found) < 1e-9 + 1e-7 * np.abs(e.due)
        due_zero = np.abs(e.due) < 1e-7
        if (stopped | due_zero)[wrong].all():
            sentences = _mask_names(e)
            return [*sentences, generic]
        ratio = np.abs(e.found / e.due)[wrong]
        ratio = np.maximum(ratio, 1 / ratio)
        both = (np.abs(e.found) > np.abs(e.due))[wrong]
    if both.any() and not both.all() and np.allclose(ratio, ratio[0], rtol=1e-4):
        return ["it takes the slope of one side on the other one: the mask is not the forward's", generic]
    return []


def _handed_to_others(e: Evidence) -> bool:
    """Every output is one of the inputs, as in a maximum; all of dout arrives in its image or row, but elsewhere."""
    jacobian = e.jacobian()
    is_choice = np.isclose(jacobian, 1, atol=1e-6) | np.isclose(jacobian, 0, atol=1e-6)
    if e.x.ndim < 2 or not is_choice.all() or not np.allclose(jacobian.sum(axis=0), 1, atol=1e-5):
        return False
    axes = tuple(range(2, e.x.ndim)) or (1,)
    return bool(np.allclose(e.found.sum(axes), e.due.sum(axes), rtol=1e-5, atol=1e-6))


def _mask_names(e: Evidence) -> list[str]:
    """Which mask it is, where a simple one fits."""
    if e.dout.shape != e.found.shape or e.out.shape != e.found.shape:
        return []
    passed = (np.abs(e.found) > 1e-9)[~e.kink]
    candidates = {
        "it is passed where dout is positive; the mask must come from the forward": e.dout > 0,
        "it is passed where the argument is negative; the mask is turned round": e.x < 0,
    }
    return [sentence for sentence, mask in candidates.items() if np.array_equal(passed, mask[~e.kink])]


# -- of a normalisation ------------------------------------------------------------------------------------------------


@dataclass
class Normalized:
    """x̂ = (x - mean) * inv over `axes`, out = weight * x̂ + bias; g = dout * weight."""

    hat: np.ndarray
    inv: np.ndarray
    g: np.ndarray
    axes: tuple[int, ...]

    def mean(self, array: np.ndarray) -> np.ndarray:
        return array.mean(self.axes, keepdims=True)

    def dx(self, axes: tuple[int, ...]) -> np.ndarray:
        """(g - mean g - x̂ mean(g x̂)) inv, with the means over `axes`."""
        inner = (self.g * self.hat).mean(axes, keepdims=True)
        return (self.g - self.g.mean(axes, keepdims=True) - self.hat * inner) * self.inv


def _normalized(e: Evidence) -> Normalized | None:
    """The parts of a normalisation, read off the forward; None if it is none."""
    if "normalized" not in e._memory:
        e._memory["normalized"] = _find_normalized(e)
    return e._memory["normalized"]


def _find_normalized(e: Evidence) -> Normalized | None:
    if e.out.shape != e.x.shape or e.dout.shape != e.x.shape or e.x.ndim < 2:
        return None
    for place in (None, *(place for place, _ in e.others())):
        hat, weight = _hat_and_weight(e, place)
        if hat is None:
            continue
        for axes in _subsets(e.x.ndim):
            if prod(e.x.shape[i] for i in axes) < 3:
                continue
            spread = (hat**2).mean(axes)
            if np.abs(hat.mean(axes)).max() < 1e-6 and (np.abs(spread - 1) < 0.05).all():
                centred = e.x - e.x.mean(axes, keepdims=True)
                with np.errstate(all="ignore"):
                    inv = np.sum(hat * centred, axes, keepdims=True) / np.sum(centred**2, axes, keepdims=True)
                parts = Normalized(hat, np.broadcast_to(inv, hat.shape), e.dout * weight, axes)
                if e.same(parts.dx(axes), e.due):
                    return parts
    return None


def _hat_and_weight(e: Evidence, place: Place | None) -> tuple[np.ndarray | None, Any]:
    """x̂ and the weight, if the argument at `place` is the weight; None: there is no weight."""
    if place is None:
        return e.out, 1.0
    hat, _ = _by_weight(e, e.case, place)
    # The weight is what stands before x̂, wherever x is; here x̂ may be 0, elsewhere it is not.
    moved = e.case.with_array(e.place, e.x + 0.1 * np.cos(np.arange(e.x.size)).reshape(e.x.shape))
    other, scaled = _by_weight(e, moved, place)
    with np.errstate(all="ignore"):
        return hat, None if other is None else scaled / other


def _by_weight(e: Evidence, case: Case, place: Place) -> tuple[np.ndarray | None, Any]:
    """(x̂, weight * x̂): forward with weights of 1, and with the weights as they are, less forward with weights of 0."""
    weight = np.asarray(case.at(place))
    outs = [_outputs(e, case.with_array(place, one)) for one in (weight, np.ones_like(weight), np.zeros_like(weight))]
    if any(out is None for out in outs):
        return None, None
    scaled, hat, none = (np.asarray(out[0], np.float64) for out in outs if out is not None)
    return hat - none, scaled - none


def statistics_constant(e: Evidence) -> list[str]:
    """The mean, the variance or both do not move with x in this gradient."""
    parts = _normalized(e)
    if parts is None:
        return _scale_constant(e)
    candidates = {
        "the mean and the variance are treated as constants, but they depend on x": parts.g * parts.inv,
        "the mean is treated as a constant, but it depends on x": (
            (parts.g - parts.hat * parts.mean(parts.g * parts.hat)) * parts.inv
        ),
        "the variance is treated as a constant, but it depends on x": (parts.g - parts.mean(parts.g)) * parts.inv,
    }
    return [sentence for sentence, one in candidates.items() if e.same(one, e.found)]


def _scale_constant(e: Evidence) -> list[str]:
    """out = x k(x), with one k along an axis (a norm, a sum), and the gradient is dout k: k is taken for a constant."""
    if e.out.shape != e.x.shape or e.dout.shape != e.x.shape or e.x.ndim == 0:
        return []
    with np.errstate(all="ignore"):
        scale = e.out / e.x
    if not np.isfinite(scale).all() or not e.same(scale * e.dout, e.found):
        return []
    along = [i for i in range(e.x.ndim) if e.x.shape[i] > 1 and _constant_along(scale, i)]
    return ["what x is divided by is treated as a constant, but it depends on x"] if along else []


def eval_formula(e: Evidence) -> list[str]:
    """dout times one number for each channel, which is not that of the batch: the running statistics'."""
    parts = _normalized(e)
    if parts is None:
        return []
    with np.errstate(all="ignore"):
        scale = e.found / parts.g
    channels = tuple(i for i in range(e.x.ndim) if i in parts.axes)
    scale = np.where(np.abs(parts.g) > 1e-9, scale, np.nan)
    middle = np.nanmedian(scale, channels, keepdims=True)
    if np.isfinite(middle).all() and e.same(middle * parts.g, e.found) and e.found.any():
        return ["it is the formula of evaluation: dout times a constant, though in training the statistics depend on x"]
    return []


def normalization_axes(e: Evidence) -> list[str]:
    """The means in it are over other axes than the forward's."""
    parts = _normalized(e)
    if parts is None:
        return []
    others = [axes for axes in _subsets(e.x.ndim) if axes != parts.axes]
    return (
        ["its means are over other axes than the forward's"]
        if any(e.same(parts.dx(axes), e.found) for axes in others)
        else []
    )


def normalization_factor(e: Evidence) -> list[str]:
    """One of its two means has a factor too many or too few, as N."""
    parts = _normalized(e)
    if parts is None:
        return []
    first, second = parts.mean(parts.g), parts.hat * parts.mean(parts.g * parts.hat)
    both = np.stack([np.broadcast_to(one * parts.inv, e.x.shape).ravel() for one in (first, second)], axis=1)
    target = (parts.g * parts.inv - e.found).ravel()
    factors, *_ = np.linalg.lstsq(both, target, rcond=None)
    if not e.same(parts.g * parts.inv - (both @ factors).reshape(e.x.shape), e.found):
        return []
    size = prod(e.x.shape[i] for i in parts.axes)
    names = {"N, the number of elements that are averaged": size, "2": 2, "N - 1 instead of N": size / (size - 1)}
    sentences = []
    for word, number in names.items():
        options = (1, number, 1 / number)
        if all(any(abs(f / option - 1) < 1e-3 for option in options) for f in factors):
            sentences.append(f"one of its means is off by a factor of {word}")
    return sentences


def normalization_sign(e: Evidence) -> list[str]:
    """One of the terms that are subtracted is added."""
    parts = _normalized(e)
    if parts is None:
        return []
    first, second = parts.mean(parts.g), parts.hat * parts.mean(parts.g * parts.hat)
    wrong = ((1, 1), (1, -1), (-1, 1))
    if any(e.same((parts.g + a * first + b * second) * parts.inv, e.found) for a, b in wrong):
        return ["one of its terms is added that must be subtracted"]
    return []


SHAPE_RULES: list[tuple[str, Rule]] = [
    ("wrong-shape", reshaped),
    ("axis-not-summed", not_summed),
    ("wrong-axis", summed_shape),
    ("transpose", transposed_shape),
    ("wrong-shape", misshapen),
]

RULES: list[tuple[str, Rule]] = [
    ("upstream-ignored", upstream_ignored),
    ("stride", only_with_stride),
    ("border", only_at_border),
    ("sign", wrong_sign),
    ("constant-factor", constant_factor),
    ("statistics-constant", statistics_constant),
    ("eval-formula", eval_formula),
    ("wrong-axis", normalization_axes),
    ("constant-factor", normalization_factor),
    ("sign", normalization_sign),
    ("wrong-axis", wrong_axis),
    ("transpose", transpose),
    ("kernel-flipped", kernel_flipped),
    ("overwritten", overwritten),
    ("wrong-mask", wrong_mask),
]
