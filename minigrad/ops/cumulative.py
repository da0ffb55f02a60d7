"""Running totals along an axis: cumsum and cumprod. Element i of the output is made from x's elements 0 to i."""

from __future__ import annotations

from minigrad.backend import Array, array_module


def cumsum_forward(x: Array, axis: int):
    """yᵢ = x₀ + ... + xᵢ along `axis`, in x's dtype. Shapes: x and y (any, with at least one axis)."""
    return x.cumsum(axis=axis, dtype=x.dtype), axis


def cumsum_backward(dout: Array, cache):
    """xᵢ is in yᵢ and in all that follow, with derivative 1: dxᵢ = doutᵢ + doutᵢ₊₁ + ..., a sum from the other end."""
    flip = array_module(dout).flip
    return flip(flip(dout, cache).cumsum(axis=cache), cache)


def cumprod_forward(x: Array, axis: int):
    """yᵢ = x₀ ... xᵢ along `axis`, in x's dtype. Shapes: x and y (any, with at least one axis)."""
    y = x.cumprod(axis=axis, dtype=x.dtype)
    return y, (x, y, axis)


def cumprod_backward(dout: Array, cache):
    """Step by step backwards through yᵢ = yᵢ₋₁ xᵢ, beginning with y₋₁ = 1.

    yᵢ is an output, and a factor of yᵢ₊₁, so its whole gradient is dyᵢ = doutᵢ + dyᵢ₊₁ xᵢ₊₁; and dxᵢ = dyᵢ yᵢ₋₁. No
    division, so zeros are nothing special.
    """
    x, y, axis = cache
    xp = array_module(x)
    x, y, dout = (xp.moveaxis(array, axis, 0) for array in (x, y, dout))
    dy = dout.copy()
    for i in range(len(x) - 2, -1, -1):
        dy[i] += dy[i + 1] * x[i + 1]
    dx = dy
    dx[1:] *= y[:-1]
    return xp.moveaxis(dx, 0, axis)
