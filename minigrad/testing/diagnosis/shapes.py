"""A gradient that has not the shape of its argument."""

from __future__ import annotations

from minigrad.testing.diagnosis.axes import axes_text, subsets
from minigrad.testing.diagnosis.evidence import Evidence


def reshaped(e: Evidence) -> list[str]:
    """The right numbers, in a wrong shape."""
    size = e.found.size == e.due.size and e.same(e.found.reshape(e.due.shape), e.due)
    return ["the numbers are right, the shape is not; reshape it"] if size else []


def not_summed(e: Evidence) -> list[str]:
    """Summed over some of its axes, the gradient is right."""
    sentences = []
    for axes in subsets(e.found.ndim):
        if any(e.same(e.found.sum(axes, keepdims=keep), e.due) for keep in (False, True)):
            sentences.append(f"it must be summed over {axes_text(axes)}, along which the argument was broadcast")
            from_right = tuple(axis - e.found.ndim for axis in axes)
            sentences.append(f"it must be summed over {axes_text(from_right)}, along which the argument was broadcast")
    return sentences + (["it must be summed over the axes along which the argument was broadcast"] if sentences else [])


def misshapen(e: Evidence) -> list[str]:
    """Nothing else fits."""
    return ["it must have the shape of its argument"]
