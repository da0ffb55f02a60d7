"""Sums, spreads and transposes along other axes than the right ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations

import numpy as np

from minigrad.testing.case import Case
from minigrad.testing.diagnosis.evidence import Evidence

AXES = ("axis", "dim", "axes", "dims")


def wrong_axis(e: Evidence) -> list[str]:
    """Right for another axis."""
    return _right_for_another(e) + summed_over_others(e) + _inner_sum_over_others(e) + _spread_over_others(e)


def _right_for_another(e: Evidence) -> list[str]:
    """Right for another `axis=` than the one that is given."""
    sent = [one for one in e.upstream if one is not None]
    for case in _other_axes(e.case, e.x.ndim):
        outs = e.outputs(case)
        if outs is not None and len(sent) == 1 and np.size(outs[0]) == sent[0].size:
            upstream = (sent[0].reshape(np.shape(outs[0])), *[None] * (len(e.upstream) - 1))
            if e.same(e.slope(case, upstream), e.found):
                return ["it is the gradient for another axis than the forward's"]
    return []


def _other_axes(case: Case, ndim: int) -> Iterator[Case]:
    for word, old in case.settings.items():
        if word in AXES and old is not None:
            for axis in range(ndim):
                value = (axis,) if isinstance(old, tuple) else axis
                if value != old and not (isinstance(old, int) and axis == old % ndim):
                    yield case.with_setting(**{word: value})


def summed_over_others(e: Evidence) -> list[str]:
    """What is due is a sum of dout, or of dout times something, over some axes; this one is over others."""
    sentences = []
    for text, terms in _terms(e):
        right = [axes for axes in subsets(terms.ndim) if _fits_squeezed(terms.sum(axes), e.due)]
        taken = [axes for axes in subsets(terms.ndim) if _fits_squeezed(terms.sum(axes), e.found)]
        if right and set(taken) - set(right):
            sentences.append(f"{text} is summed over the wrong axes")
        if right and _fits_squeezed(terms, e.found):
            sentences.append(f"{text} is not summed")
    return sentences


def _terms(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """dout, and what each element of the output contributes: the sum of these over the right axes is due."""
    yield "dout", e.dout
    if len([one for one in e.upstream if one is not None]) == 1 and e.x.size <= e.dout.size:
        yield "a product with dout", e.dout * e.jacobian.sum(axis=0).reshape(e.dout.shape)


def _fits_squeezed(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal, but for axes of length 1."""
    one, other = np.squeeze(one), np.squeeze(other)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))


def _inner_sum_over_others(e: Evidence) -> list[str]:
    """A softmax, y (dout - Σ dout y), or its logarithm, dout - y Σ dout, whose sum is over another axis."""
    if e.x.ndim < 2 or not e.out.shape == e.x.shape == e.dout.shape:
        return []
    ways = [*((i,) for i in range(e.x.ndim)), tuple(range(e.x.ndim))]
    softmax, exponentials = e.out, np.exp(e.out)
    for candidates in (
        {axes: softmax * (e.dout - (e.dout * softmax).sum(axes, keepdims=True)) for axes in ways},
        {axes: e.dout - exponentials * e.dout.sum(axes, keepdims=True) for axes in ways},
    ):
        right = [axes for axes, one in candidates.items() if e.same(one, e.due)]
        taken = [axes for axes, one in candidates.items() if axes not in right and e.same(one, e.found)]
        if right and taken:
            return ["its inner sum runs over another axis than the forward's"]
    return []


def _spread_over_others(e: Evidence) -> list[str]:
    """What is due has equal elements along some axes; this one has along others."""
    long = [i for i, n in enumerate(e.due.shape) if n > 1]
    due = {i for i in long if constant_along(e.due, i)}
    found = {i for i in long if constant_along(e.found, i)}
    return ["dout is spread over another axis than the forward's"] if due and found and not due <= found else []


def transpose(e: Evidence) -> list[str]:
    """Square arrays hide a transpose that is missing or too many."""
    if sentences := permuted(e):
        return sentences
    for place, array in e.others():
        square = array.ndim >= 2 and array.shape[-1] == array.shape[-2]
        if square and e.same(e.slope(e.case.with_array(place, array.swapaxes(-1, -2).copy())), e.found):
            return ["it would be right for the transpose of another argument; transpose that in the product"]
    if e.dout.ndim >= 2 and e.dout.shape[-1] == e.dout.shape[-2]:
        upstream = tuple(None if one is None else one.swapaxes(-1, -2).copy() for one in e.upstream)
        if e.same(e.slope(upstream=upstream), e.found):
            return ["it would be right for the transpose of dout"]
    return []


def permuted(e: Evidence) -> list[str]:
    """With its axes in another order, the gradient is right."""
    _, *others = permutations(range(e.found.ndim))
    if any(e.same(e.found.transpose(order), e.due) for order in others):
        return ["it is the right gradient with its axes in another order; transpose it"]
    return []


def subsets(ndim: int) -> list[tuple[int, ...]]:
    """Every choice of axes, but none at all."""
    return list(chain.from_iterable(combinations(range(ndim), k) for k in range(1, ndim + 1)))


def axes_text(axes: Sequence[int]) -> str:
    """`axes 0, 2`."""
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def constant_along(array: np.ndarray, axis: int) -> bool:
    """Whether elements that differ in this index only are equal."""
    return bool(np.allclose(array, array.take([0], axis), rtol=1e-6, atol=1e-9))
