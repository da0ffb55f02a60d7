"""Kernels that slide over an image: their stride, the padding at its border, which way round they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.testing.case import Case
from minigrad.testing.diagnosis.evidence import Evidence
from minigrad.testing.subjects import upstream_for

STRIDES = ("stride", "strides", "stride_h", "stride_w")
PADDINGS = ("padding", "pad", "pads")


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
        outs = e.outputs(case)
        if outs is None:
            return None
        upstream = upstream_for(outs, e.subject, np.random.default_rng(0))
        right, found = e.slope(case, upstream), e.gradient(case, upstream)
        if right is None or found is None or not np.isfinite(right).all() or not right.any():
            return None
        if found.shape == right.shape and np.allclose(found, right, 1e-4, 1e-6):
            return [sentence]
    return []


def _with_named(case: Case, words: Sequence[str], value: int) -> Iterator[Case]:
    """The same call with a setting, also one in a dict as courses give it, put to a value that it had not."""
    for word in _others_than(value, case.settings, words):
        yield case.with_setting(**{word: value})
    for i, argument in enumerate(case.args):
        if isinstance(argument, dict):
            for word in _others_than(value, argument, words):
                yield replace(case, args=(*case.args[:i], {**argument, word: value}, *case.args[i + 1 :]))


def _others_than(value: int, settings: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    same = (value, (value, value), None)
    return [word for word, given in settings.items() if word in words and given not in same]


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
