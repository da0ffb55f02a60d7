"""Reductions: many elements become one, over all axes (`axis=None`), one axis, or several.

Backwards they all begin the same: the gradient of one output element goes back to every element it was made from. So
the upstream gradient gets its lost axes back, as axes of length 1, and is broadcast over them (`spread`). What is left
is the slope of the output in each element: 1 for a sum, 1/n for a mean, ...
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.backend import Array, array_module, divided

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
    """out = Σ x over `axis`, in x's dtype. Shapes: x (any), out x's shape without `axis` (or with 1s there)."""
    return x.sum(axis=axis, keepdims=keepdims, dtype=x.dtype), (x.shape, axis, keepdims)


def sum_backward(dout: Array, cache):
    """out = x₁ + x₂ + ... has derivative 1 for every xᵢ: each gets a copy of the upstream gradient."""
    return spread(dout, *cache)


def mean_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out = (1/n) Σ x over the n elements along `axis`. Shapes as in sum."""
    with np.errstate(all="ignore"):  # the mean of nothing is nan
        out = x.mean(axis=axis, keepdims=keepdims)
    return out, (x.shape, axis, keepdims, _count(x.shape, axis))


def mean_backward(dout: Array, cache):
    """out = (x₁ + ... + xₙ)/n has derivative 1/n for every xᵢ: the upstream gradient is shared out equally."""
    shape, axis, keepdims, count = cache
    return spread(divided(dout, count), shape, axis, keepdims)


def prod_forward(x: Array, axis: int | None = None, keepdims: bool = False):
    """out = Π x over `axis`, one or all, in x's dtype. Shapes as in sum."""
    return x.prod(axis=axis, keepdims=keepdims, dtype=x.dtype), (x, axis, keepdims)


def prod_backward(dout: Array, cache):
    """dout / dxᵢ is the product of all other elements: those before xᵢ times those after it.

    out / xᵢ is the same thing, but not where xᵢ = 0. Two running products, from the left and from the right, need no
    division: with one 0 only its own slope is left, with two 0s none.
    """
    x, axis, keepdims = cache
    xp = array_module(x)
    line = x.reshape(-1) if axis is None else xp.moveaxis(x, axis, -1)
    others = _before(line) * xp.flip(_before(xp.flip(line, -1)), -1)
    others = others.reshape(x.shape) if axis is None else xp.moveaxis(others, -1, axis)
    return others * spread(dout, x.shape, axis, keepdims)


def _before(x: Array) -> Array:
    """For each element along the last axis, the product of those before it."""
    xp = array_module(x)
    return xp.concatenate([xp.ones_like(x[..., :1]), x[..., :-1]], axis=-1).cumprod(axis=-1)


def amax_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out is the largest element along `axis`; nan if there is one. Shapes as in sum."""
    out = x.max(axis=axis, keepdims=keepdims)
    return out, (x, out, axis, keepdims)


def amax_backward(dout: Array, cache):
    """out is one of the elements, so its slope is 1 there and 0 elsewhere. k equal ones each take 1/k of it.

    Where k elements are the largest at once, max has a kink, and any shares that add up to 1 are a subgradient; equal
    ones prefer nobody.
    """
    x, out, axis, keepdims = cache
    out = spread(out, x.shape, axis, keepdims)
    taken = (x == out) | ((x != x) & (out != out))  # x != x: a nan, which equals nothing
    count = taken.sum(axis=axis, keepdims=keepdims).astype(dout.dtype)
    return array_module(x).where(taken, spread(dout / count, x.shape, axis, keepdims), 0)


def amin_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out is the smallest element along `axis`; nan if there is one. Shapes as in sum."""
    out = x.min(axis=axis, keepdims=keepdims)
    return out, (x, out, axis, keepdims)


amin_backward = amax_backward


def median_forward(x: Array):
    """out (0-d) is the middle one of all the elements in order, the lower one of two; nan if there is one."""
    xp = array_module(x)
    if x.size == 0:
        out = xp.full((), np.nan, x.dtype)
    else:
        line = xp.partition(x.reshape(-1), [(x.size - 1) // 2, x.size - 1])
        out = xp.where(line[-1] == line[-1], line[(x.size - 1) // 2], line[-1])  # a nan comes last
    return out, (x, out, None, False)


median_backward = amax_backward


def var_forward(x: Array, axis: Axes = None, keepdims: bool = False, correction: float = 1):
    """out = Σ (x - m)² / (n - correction), with the mean m of the n elements along `axis`. Shapes as in sum.

    correction: 1 for a sample (Bessel's, "unbiased"), 0 for a whole population.
    """
    with np.errstate(all="ignore"):  # of nothing, or of one sample, it is nan
        centred = x - x.mean(axis=axis, keepdims=True)
    total = (centred * centred).sum(axis=axis, keepdims=keepdims)
    divisor = max(0, _count(x.shape, axis) - correction)
    return total / divisor, (centred, divisor, axis, keepdims)


def var_backward(dout: Array, cache):
    """dx = dout * 2 (x - m) / (n - correction).

    Each xᵢ also moves m, by 1/n; but that moves all the squares, by -2/n Σ (x - m) together, and the distances from
    the mean add up to 0. So only xᵢ's own square counts.
    """
    centred, divisor, axis, keepdims = cache
    return centred * spread(dout * 2 / divisor, centred.shape, axis, keepdims)


def std_forward(x: Array, axis: Axes = None, keepdims: bool = False, correction: float = 1):
    """out = √var. Shapes and settings as in var."""
    var, cache = var_forward(x, axis, keepdims, correction)
    out = array_module(x).sqrt(var)
    return out, (out, cache)


def std_backward(dout: Array, cache):
    """√ has slope 1/(2 out); the rest is var's. Equal elements (out = 0) are a kink, where we take 0."""
    out, var_cache = cache
    return var_backward(array_module(out).where(out == 0, 0, dout / (2 * out)), var_cache)


def logsumexp_forward(x: Array, axis: Axes = None, keepdims: bool = False):
    """out = log Σ eˣ over `axis`. Shapes as in sum.

    With the largest element m, log Σ eˣ = m + log Σ e^(x - m), where no exponent is above 0 and one is 0: nothing
    overflows, and the log is of a number >= 1. An infinite m is left where it is: e^(inf - inf) would be nan.
    """
    xp = array_module(x)
    with_axes = x.max(axis=axis, keepdims=True) if x.size else xp.zeros_like(x.sum(axis=axis, keepdims=True))
    m = xp.where(xp.isfinite(with_axes), with_axes, 0)
    sums = xp.exp(x - m).sum(axis=axis, keepdims=keepdims)
    out = xp.log(sums) + m.reshape(sums.shape)
    return out, (x, out, axis, keepdims)


def logsumexp_backward(dout: Array, cache):
    """d log s = ds / s, and ds/dxᵢ = e^xᵢ: the slope e^xᵢ / Σ eˣ = e^(xᵢ - out) is the softmax."""
    x, out, axis, keepdims = cache
    slope = array_module(x).exp(x - spread(out, x.shape, axis, keepdims))
    return slope * spread(dout, x.shape, axis, keepdims)


def norm_forward(x: Array, p: float = 2, axis: Axes = None, keepdims: bool = False):
    """out = (Σ |x|ᵖ)^(1/p) over `axis`. Shapes as in sum.

    p = inf and -inf are its limits, the largest and the smallest |x|; p = 0 counts the elements that are not 0.
    """
    xp = array_module(x)
    if abs(p) == math.inf:
        size = abs(x)
        out = size.max(axis=axis, keepdims=keepdims) if p > 0 else size.min(axis=axis, keepdims=keepdims)
    elif p == 0:
        out = (x != 0).sum(axis=axis, keepdims=keepdims).astype(x.dtype)
    elif p == 1:
        out = abs(x).sum(axis=axis, keepdims=keepdims)
    elif p == 2:
        out = xp.sqrt((x * x).sum(axis=axis, keepdims=keepdims))
    else:
        out = (abs(x) ** p).sum(axis=axis, keepdims=keepdims) ** (1 / p)
    return out, (x, out, p, axis, keepdims)


def norm_backward(dout: Array, cache):
    """dx = dout sign(x) (|x| / out)^(p - 1).

    With s = Σ |x|ᵖ, out = s^(1/p) has the slope s^(1/p - 1) / p = out^(1 - p) / p in s, and s has the slope
    p |x|^(p - 1) sign(x) in x.
    For p = 2 it is x / out, the direction of x. Where x is 0 there is a kink (p <= 1), or all is 0: we take 0.
    For p = ±inf out is one of the |x|, as in amax. A count (p = 0) has no slope.
    """
    x, out, p, axis, keepdims = cache
    xp = array_module(x)
    if p == 0:
        return None
    if abs(p) == math.inf:
        return xp.sign(x) * amax_backward(dout, (abs(x), out, axis, keepdims))
    dout = spread(dout, x.shape, axis, keepdims)
    if p == 1:
        return dout * xp.sign(x)
    ratio = x / spread(xp.where(out == 0, 1, out), x.shape, axis, keepdims)
    if p == 2:
        return dout * ratio
    flat = (x == 0) | spread(out == 0, x.shape, axis, keepdims)
    return dout * xp.sign(x) * xp.where(flat, 0, abs(xp.where(flat, 1, ratio)) ** (p - 1))


def _count(shape: tuple[int, ...], axis: Axes) -> int:
    """The number of elements that become one."""
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in ((axis,) if isinstance(axis, int) else axis))
