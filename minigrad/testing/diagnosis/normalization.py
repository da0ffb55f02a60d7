"""x̂ = (x - mean) / deviation: three paths lead back to x, and mistakes are made on each."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from minigrad.testing.case import Case, Place
from minigrad.testing.diagnosis.axes import constant_along, subsets
from minigrad.testing.diagnosis.evidence import Evidence


def statistics_constant(e: Evidence) -> list[str]:
    """The mean, the variance or both do not move with x in this gradient."""
    parts = e.once(_normalized)
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


def eval_formula(e: Evidence) -> list[str]:
    """dout times one number for each channel, which is not that of the batch: the running statistics'."""
    parts = e.once(_normalized)
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
    parts = e.once(_normalized)
    if parts is None:
        return []
    others = [axes for axes in subsets(e.x.ndim) if axes != parts.axes]
    return (
        ["its means are over other axes than the forward's"]
        if any(e.same(parts.dx(axes), e.found) for axes in others)
        else []
    )


def normalization_factor(e: Evidence) -> list[str]:
    """One of its two means has a factor too many or too few, as N."""
    parts = e.once(_normalized)
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
    parts = e.once(_normalized)
    if parts is None:
        return []
    first, second = parts.mean(parts.g), parts.hat * parts.mean(parts.g * parts.hat)
    wrong = ((1, 1), (1, -1), (-1, 1))
    if any(e.same((parts.g + a * first + b * second) * parts.inv, e.found) for a, b in wrong):
        return ["one of its terms is added that must be subtracted"]
    return []


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
    if e.out.shape != e.x.shape or e.dout.shape != e.x.shape or e.x.ndim < 2:
        return None
    for place in (None, *(place for place, _ in e.others())):
        hat, weight = _hat_and_weight(e, place)
        if hat is None:
            continue
        for axes in subsets(e.x.ndim):
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
    outs = [e.outputs(case.with_array(place, one)) for one in (weight, np.ones_like(weight), np.zeros_like(weight))]
    if any(out is None for out in outs):
        return None, None
    scaled, hat, none = (np.asarray(out[0], np.float64) for out in outs if out is not None)
    return hat - none, scaled - none


def _scale_constant(e: Evidence) -> list[str]:
    """out = x k(x), with one k along an axis (a norm, a sum), and the gradient is dout k: k is taken for a constant."""
    if e.out.shape != e.x.shape or e.dout.shape != e.x.shape or e.x.ndim == 0:
        return []
    with np.errstate(all="ignore"):
        scale = e.out / e.x
    if not np.isfinite(scale).all() or not e.same(scale * e.dout, e.found):
        return []
    along = [i for i in range(e.x.ndim) if e.x.shape[i] > 1 and constant_along(scale, i)]
    return ["what x is divided by is treated as a constant, but it depends on x"] if along else []
