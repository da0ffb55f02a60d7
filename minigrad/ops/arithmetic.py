"""Arithmetic of two operands: add, sub, mul, div, pow.

Each operand is an array or a number, and shapes broadcast. A backward returns the gradient in the *output's* shape;
summing it back over broadcast axes is the same for every op here, so the lift does it (`shape.unbroadcast`).
"""

from __future__ import annotations

from minigrad.backend import Array, array_module

BOTH = (True, True)


def add_forward(x: Array, y: Array):
    """out = x + y."""
    return x + y, None


def add_backward(dout: Array, cache):
    """d(x + y)/dx = 1 and d(x + y)/dy = 1, so the upstream gradient goes to both unchanged."""
    return dout, dout


def sub_forward(x: Array, y: Array):
    """out = x - y."""
    return x - y, None


def sub_backward(dout: Array, cache, needs=BOTH):
    """d(x - y)/dx = 1 and d(x - y)/dy = -1."""
    return dout, -dout if needs[1] else None


def mul_forward(x: Array, y: Array):
    """out = x * y."""
    return x * y, (x, y)


def mul_backward(dout: Array, cache, needs=BOTH):
    """d(x y)/dx = y and d(x y)/dy = x: each factor's gradient is scaled by the other."""
    x, y = cache
    return dout * y if needs[0] else None, dout * x if needs[1] else None


def div_forward(x: Array, y: Array):
    """out = x / y."""
    out = x / y
    return out, (y, out)


def div_backward(dout: Array, cache, needs=BOTH):
    """d(x / y)/dx = 1 / y, and d(x / y)/dy = -x / y² = -out / y."""
    y, out = cache
    dx = dout / y
    return dx, -dx * out if needs[1] else None


def pow_forward(x: Array, y: Array):
    """out = x ** y."""
    out = x**y
    return out, (x, y, out)


def pow_backward(dout: Array, cache, needs=BOTH):
    """d(x^y)/dx = y x^(y-1), and d(x^y)/dy = x^y ln(x).

    Two corners need care. For y = 0 the function is constant in x, so dx is 0 even at x = 0, where the formula says
    0 * 0^-1. For x = 0 the formula for dy says 0 * -inf; the limit from the right is 0 for y > 0. Both as in PyTorch.
    A number y is told apart because NumPy has short cuts for x^1, x^2 and the like.
    """
    x, y, out = cache
    xp = array_module(out)
    dx = dy = None
    if needs[0] and isinstance(y, (int, float)):
        dx = dout * y * x ** (y - 1) if y else xp.zeros_like(dout)
    elif needs[0]:
        constant = xp.equal(y, 0)
        dx = xp.where(constant, 0, dout * y * x ** xp.where(constant, 1, y - 1).astype(out.dtype))
    if needs[1]:
        vanishes = xp.equal(x, 0) & xp.greater_equal(y, 0)
        dy = dout * xp.where(vanishes, 0, out * xp.log(xp.where(vanishes, 1, x).astype(out.dtype)))
    return dx, dy
