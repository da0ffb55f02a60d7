"""Reductions: many elements become one. sum and mean, over all axes (`axis=None`), one axis, or several.

Backwards they all do the same: the gradient of one output element goes back to every element it was made from. So the
upstream gradient gets its lost axes back, as axes of length 1, and is broadcast over them.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.backend import Array, array_module

Axes = int | tuple[int, ...] | None


def spread(dout: Array, shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Array:
    """`dout` of a reduction over `axis`, broadcast back to the input's `shape` (a view)."""
    xp = array_module(dout)
    if not keepdims:
        axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
        lost = {a % len(shape) for a in axes} if shape else set()
        dout = dout.reshape([1 if a in lost else n for a, n in enumerate(shape)])
    return xp.broadcast_to(dout, shape)


def sum_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out = Σ x over `axis`. Shapes: x (any), out x's shape without `axis` (or with 1s there)."""
    return x.sum(axis=axis, keepdims=keepdims), (x.shape, axis, keepdims)


def sum_backward(dout: Array, cache):
    """out = x₁ + x₂ + ... has derivative 1 for every xᵢ: each gets a copy of the upstream gradient."""
    return spread(dout, *cache)


def mean_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out = (1/n) Σ x over the n elements along `axis`. Shapes as in sum."""
    with np.errstate(all="ignore"):  # the mean of nothing is nan
        out = x.mean(axis=axis, keepdims=keepdims)
    count = math.prod(x.shape) // max(1, math.prod(out.shape))
    return out, (x.shape, axis, keepdims, count)


def mean_backward(dout: Array, cache):
    """out = (x₁ + ... + xₙ)/n has derivative 1/n for every xᵢ: the upstream gradient is shared out equally."""
    shape, axis, keepdims, count = cache
    return spread(dout / count, shape, axis, keepdims)
