"""Arithmetic of two operands: add, sub, mul, div, pow, and what chooses between two.

Each operand is an array or a number, and shapes broadcast. A backward returns the gradient in the *output's* shape;
summing it back over broadcast axes is the same for every op here, so the lift does it (`shape.unbroadcast`).
"""

from __future__ import annotations

from typing import Any

from minigrad import bounds
from minigrad.backend import Array, DtypeError, array_module, bool_, common_module, is_on_host
from minigrad.ops.elementwise import logistic

BOTH = (True, True)


def add_forward(x: Array, y: Array):
    """out = x + y."""
    return x + y, None


def add_backward(dout: Array, cache):
    """d(x + y)/dx = 1 and d(x + y)/dy = 1, so the upstream gradient goes to both unchanged."""
    return dout, dout


def sub_forward(x: Array, y: Array):
    """out = x - y."""
    try:
        return x - y, None
    except TypeError:
        if getattr(x, "dtype", None) == bool_ or getattr(y, "dtype", None) == bool_:
            raise DtypeError("sub: bools cannot be subtracted. Where two masks differ: x ^ y. Inverted: ~x.") from None
        raise


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


def rounded_div_forward(x: Array, y: Array, rounding: str):
    """out = x / y rounded down ("floor") or towards 0 ("trunc"). Integers stay integers."""
    xp = common_module(x, y)
    if rounding == "floor":
        out = xp.floor_divide(x, y)
        return out if is_on_host(out) or out.dtype.kind != "f" else _floored(xp, x, y)[0], None
    rest = xp.fmod(x, y)
    return (xp.trunc(x / y) if rest.dtype.kind == "f" else (x - rest) // y), None


def rounded_div_backward(dout: Array, cache):
    """Flat between its jumps, so nothing flows back."""
    zero = array_module(dout).zeros_like(dout)
    return zero, zero


def remainder_forward(x: Array, y: Array, rounding: str):
    """out = x - y q with q = x / y rounded down ("floor": out has y's sign) or towards 0 ("trunc": x's sign)."""
    xp = common_module(x, y)
    if rounding == "trunc":
        return xp.fmod(x, y), (x, y, rounding)
    out = xp.remainder(x, y)
    return out if is_on_host(out) or out.dtype.kind != "f" else _floored(xp, x, y)[1], (x, y, rounding)


def remainder_backward(dout: Array, cache, needs=BOTH):
    """Between its jumps the rounded quotient q is constant, so d(x - y q)/dx = 1 and d(x - y q)/dy = -q."""
    x, y, rounding = cache
    return dout, -dout * rounded_div_forward(x, y, rounding)[0] if needs[1] else None


def _floored(xp: Any, x: Array, y: Array) -> tuple[Array, Array]:
    """x / y of floats rounded down, and the rest, which fmod knows exactly.

    On a GPU CuPy takes floor(x / y) and x - y floor(x / y), where x / y was rounded before: 1 // 0.1 would be 10.
    """
    rest = xp.fmod(x, y)
    is_above = (rest != 0) & (xp.less(rest, 0) != xp.less(y, 0))  # its quotient was rounded towards 0, which is upwards
    quotient = xp.rint((x - rest) / y) - is_above
    return xp.where(xp.equal(y, 0), x / y, quotient), xp.where(is_above, rest + y, rest)


def maximum_forward(x: Array, y: Array):
    """out = the larger of x and y; NaN if either is."""
    return common_module(x, y).maximum(x, y), (x, y)


def maximum_backward(dout: Array, cache, needs=BOTH):
    """The gradient goes to the larger one. At a tie any division of it is a subgradient: each gets half."""
    x, y = cache
    return _to_the_winner(dout, x < y, x == y) if needs[0] else None, (
        _to_the_winner(dout, y < x, x == y) if needs[1] else None
    )


def minimum_forward(x: Array, y: Array):
    """out = the smaller of x and y; NaN if either is."""
    return common_module(x, y).minimum(x, y), (x, y)


def minimum_backward(dout: Array, cache, needs=BOTH):
    """The gradient goes to the smaller one, half to each at a tie."""
    x, y = cache
    return _to_the_winner(dout, x > y, x == y) if needs[0] else None, (
        _to_the_winner(dout, y > x, x == y) if needs[1] else None
    )


def _to_the_winner(dout: Array, loses: Array, ties: Array) -> Array:
    xp = array_module(dout)
    return xp.where(loses, 0, xp.where(ties, dout / 2, dout))


def clamp_forward(x: Array, low: Array | None, high: Array | None):
    """out = x brought into low..high; a bound that is None does not bind. Where low > high, out is high."""
    xp = array_module(x)
    out = x if low is None else xp.maximum(x, low)
    return (out if high is None else xp.minimum(out, high)), (x, low, high)


def clamp_backward(dout: Array, cache, needs=(True, True, True)):
    """Inside, and on the bounds, out is x; outside it is the bound, and the gradient goes there.

    Where low > high, out is high whatever x is. Where low = high, PyTorch lets a small x pass nothing on, and so do we.
    """
    x, low, high = cache
    xp = array_module(dout)
    inside = (True if low is None else x >= low) & (True if high is None else x <= high)
    dx = xp.where(inside, dout, 0)
    dlow = dhigh = None
    if needs[1]:
        dlow = xp.where(xp.less(x, low) & (True if high is None else xp.less(low, high)), dout, 0)
    if needs[2]:
        dhigh = xp.where(xp.greater(x, high) | (False if low is None else xp.greater(low, high)), dout, 0)
    return dx, dlow, dhigh


def where_forward(x: Array, y: Array, condition: Array):
    """out = x where `condition` (bools) holds, else y."""
    out = array_module(condition).where(condition, x, y)
    bounds.remember(out, x, y)
    return out, condition


def where_backward(dout: Array, condition: Array):
    """Each element of out came from one of the two, and its gradient goes back there."""
    xp = array_module(dout)
    return xp.where(condition, dout, 0), xp.where(condition, 0, dout)


def atan2_forward(y: Array, x: Array):
    """out = the angle of the point (x, y), in -π..π."""
    return common_module(y, x).arctan2(y, x), (y, x)


def atan2_backward(dout: Array, cache):
    """out = arctan(y / x) + a constant, so with r² = x² + y²: d/dy = (1/x) / (1 + y²/x²) = x/r², and d/dx = -y/r².

    At the origin, where the angle jumps, no direction is better than another: 0, as in PyTorch.
    """
    y, x = cache
    xp = array_module(dout)
    square = x * x + y * y
    share = xp.where(square == 0, 0, dout / square)
    return share * x, -share * y


def logaddexp_forward(x: Array, y: Array):
    """out = ln(eˣ + eʸ), the sum of two numbers of which the logarithms are known, without leaving logarithms."""
    return common_module(x, y).logaddexp(x, y), (x, y)


def logaddexp_backward(dout: Array, cache):
    """The slope of ln u is 1/u, and that of u = eˣ + eʸ in x is eˣ. So d/dx = eˣ / (eˣ + eʸ) = σ(x - y), x's share in
    the sum, and d/dy = σ(y - x), y's share: the softmax of the two.
    """
    x, y = cache
    xp = array_module(dout)
    return dout * logistic(xp, x - y), dout * logistic(xp, y - x)
