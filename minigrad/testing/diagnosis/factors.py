"""The right gradient, times something: a sign, a number; or without the one factor that the chain rule asks for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import prod

import numpy as np

from minigrad.testing.diagnosis.axes import axes_text, subsets
from minigrad.testing.diagnosis.evidence import Evidence


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


def wrong_sign(e: Evidence) -> list[str]:
    """Minus the gradient, everywhere or in places."""
    if e.same(-e.found, e.due):
        return ["it has the wrong sign everywhere"]
    if e.same(np.abs(e.found), np.abs(e.due)):
        return ["its sign is wrong in some places, its size is right"]
    return []


def constant_factor(e: Evidence) -> list[str]:
    """A multiple of what is due."""
    ratio = _ratio(e)
    return _named_factors(e, ratio) if ratio is not None else []


def _ratio(e: Evidence) -> float | None:
    """found / due, if that is one number, and not 0 or 1."""
    due = e.due
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
        for axes in subsets(len(shape)):
            if len(axes) > 1:
                yield f"the number of elements along {axes_text(axes)} of {name}", prod(shape[i] for i in axes)
