"""Functions of one array, element by element: a table of values and local derivatives, and relu, written out.

Element i of the output depends on element i of the input alone, so the Jacobian is diagonal and the chain rule is one
product, the same for all of them:

    dx = dout * local,    local = dy/dx at x

What differs is only y and the local derivative. They stand side by side in the table below; the pairs `exp_forward`,
`exp_backward`, ... follow from it. A local derivative is written in terms of x, y, or both, whichever is shorter, and
the cache keeps just what it names.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minigrad import memory
from minigrad.backend import Array, array_module, is_on_host, only_where
from minigrad.kernels import elementwise as kernels
from minigrad.ops.erf import erf
from minigrad.threads import share

LARGE = 200_000  # elements, from which on parts are faster than the whole: those of two threads, or blocks
BLOCK = 2**13  # elements, so few that what is calculated on the way to a result stays in the processor's cache
MULTIPLICATIONS = 20  # that take as long as to fetch an element from memory

LN_2, LN_10, ROOT_PI = math.log(2), math.log(10), math.sqrt(math.pi)


@dataclass(frozen=True)
class Elementwise:
    """One row: `value(xp, x)` gives y, and `local(xp, kept)` gives dy/dx from what it `keeps`, x or y; both in symbols.

    local: None where y is flat between its jumps, so that nothing flows back, whatever arrives.
    stays: an integer array gives an integer array (as in abs); otherwise it is read as float32 first (as in exp).
    """

    formula: str
    value: Callable[..., Array]
    derivative: str
    keeps: str
    local: Callable[..., Array | float] | None
    stays: bool = False


TABLE: dict[str, Elementwise] = {
    # name                      y            how to compute it         dy/dx    from   how to compute it
    "neg": Elementwise("-x", lambda xp, x: -x, "-1", "", lambda xp, _: -1, stays=True),
    "abs": Elementwise("|x|", lambda xp, x: abs(x), "sign(x), 0 at 0", "x", lambda xp, x: xp.sign(x), stays=True),
    "sign": Elementwise("sign(x)", lambda xp, x: _sign(xp, x), "0", "", None, stays=True),
    "square": Elementwise("x²", lambda xp, x: x * x, "2x", "x", lambda xp, x: 2 * x, stays=True),
    "exp": Elementwise("eˣ", lambda xp, x: xp.exp(x), "y", "y", lambda xp, y: y),
    "expm1": Elementwise("eˣ - 1", lambda xp, x: xp.expm1(x), "y + 1", "y", lambda xp, y: y + 1),
    "log": Elementwise("ln x", lambda xp, x: xp.log(x), "1/x", "x", lambda xp, x: 1 / x),
    "log1p": Elementwise("ln(1 + x)", lambda xp, x: xp.log1p(x), "1/(1 + x)", "x", lambda xp, x: 1 / (1 + x)),
    "sqrt": Elementwise("√x", lambda xp, x: xp.sqrt(x), "1/(2y)", "y", lambda xp, y: 0.5 / y),
    "rsqrt": Elementwise("1/√x", lambda xp, x: 1 / xp.sqrt(x), "-y³/2", "y", lambda xp, y: -0.5 * y * y * y),
    "reciprocal": Elementwise("1/x", lambda xp, x: 1 / x, "-y²", "y", lambda xp, y: -y * y),
    "sin": Elementwise("sin x", lambda xp, x: xp.sin(x), "cos x", "x", lambda xp, x: xp.cos(x)),
    "cos": Elementwise("cos x", lambda xp, x: xp.cos(x), "-sin x", "x", lambda xp, x: -xp.sin(x)),
    "tanh": Elementwise("tanh x", lambda xp, x: xp.tanh(x), "1 - y²", "y", lambda xp, y: 1 - y * y),
    "sigmoid": Elementwise("1/(1 + e⁻ˣ)", lambda xp, x: logistic(xp, x), "y(1 - y)", "y", lambda xp, y: y * (1 - y)),
    "log2": Elementwise("log₂ x", lambda xp, x: xp.log2(x), "1/(x ln 2)", "x", lambda xp, x: 1 / (x * LN_2)),
    "log10": Elementwise("log₁₀ x", lambda xp, x: xp.log10(x), "1/(x ln 10)", "x", lambda xp, x: 1 / (x * LN_10)),
    "exp2": Elementwise("2ˣ", lambda xp, x: xp.exp2(x), "y ln 2", "y", lambda xp, y: y * LN_2),
    "tan": Elementwise("tan x", lambda xp, x: xp.tan(x), "1 + y²", "y", lambda xp, y: 1 + y * y),
    "asin": Elementwise("arcsin x", lambda xp, x: xp.arcsin(x), "1/√(1 - x²)", "x", lambda xp, x: 1 / _leg(xp, x)),
    "acos": Elementwise("arccos x", lambda xp, x: xp.arccos(x), "-1/√(1 - x²)", "x", lambda xp, x: -1 / _leg(xp, x)),
    "atan": Elementwise("arctan x", lambda xp, x: xp.arctan(x), "1/(1 + x²)", "x", lambda xp, x: 1 / (1 + x * x)),
    "sinh": Elementwise("(eˣ - e⁻ˣ)/2", lambda xp, x: xp.sinh(x), "cosh x", "x", lambda xp, x: xp.cosh(x)),
    "cosh": Elementwise("(eˣ + e⁻ˣ)/2", lambda xp, x: xp.cosh(x), "sinh x", "x", lambda xp, x: xp.sinh(x)),
    "asinh": Elementwise("arsinh x", lambda xp, x: xp.arcsinh(x), "1/√(x² + 1)", "x", lambda _, x: (x * x + 1) ** -0.5),
    "acosh": Elementwise("arcosh x", lambda xp, x: xp.arccosh(x), "1/√(x² - 1)", "x", lambda _, x: (x * x - 1) ** -0.5),
    "atanh": Elementwise("artanh x", lambda xp, x: xp.arctanh(x), "1/(1 - x²)", "x", lambda xp, x: 1 / (1 - x * x)),
    "erf": Elementwise("2/√π ∫₀ˣ e^(-t²) dt", erf, "2/√π e^(-x²)", "x", lambda xp, x: 2 / ROOT_PI * xp.exp(-x * x)),
    "floor": Elementwise("⌊x⌋", lambda xp, x: _whole(xp.floor, x), "0", "", None, stays=True),
    "ceil": Elementwise("⌈x⌉", lambda xp, x: _whole(xp.ceil, x), "0", "", None, stays=True),
    "trunc": Elementwise("x without its fraction", lambda xp, x: _whole(xp.trunc, x), "0", "", None, stays=True),
    "frac": Elementwise(
        "the fraction of x", lambda xp, x: x - _whole(xp.trunc, x), "1", "", lambda xp, _: 1, stays=True
    ),
}


SEVERAL_STEPS = ("sigmoid", "erf")  # whose values are worth going through block by block


def _leg(xp, x: Array) -> Array:
    return xp.sqrt(1 - x * x)


def _sign(xp, x: Array) -> Array:
    return x.copy() if x.dtype.kind == "b" else xp.sign(x)


def _whole(rounding: Callable, x: Array) -> Array:
    return rounding(x) if x.dtype.kind == "f" else x.copy()


def logistic(xp, x: Array) -> Array:
    # exp(-x) overflows for very negative x. exp(-|x|) never does, and 1/(1 + e⁻ˣ) = eˣ/(1 + eˣ).
    small = xp.exp(-abs(x))  # at most 1, so that the larger of it and True, which is 1, is what is to be divided
    return xp.maximum(x >= 0, small) / (1 + small)


def log_1_exp(xp, x: Array) -> Array:
    # For the same reason: log(1 + eˣ) = x + log(1 + e⁻ˣ).
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))


def pair(name: str) -> tuple[Callable, Callable]:
    """The pair `(forward, backward)` of the row `name`."""
    row = TABLE[name]
    value, local, keeps = row.value, row.local, row.keeps

    def forward(x: Array):
        xp = array_module(x)
        y = by_blocks(functools.partial(value, xp), x) if name in SEVERAL_STEPS else value(xp, x)
        return y, x if keeps == "x" else y if keeps == "y" else None

    def backward(dout: Array, cache):
        xp = array_module(dout)
        return xp.zeros_like(dout) if local is None else dout * local(xp, cache)

    forward.__name__ = forward.__qualname__ = f"{name}_forward"
    backward.__name__ = backward.__qualname__ = f"{name}_backward"
    forward.__doc__ = f"y = {row.formula}, element by element; x of any shape."
    backward.__doc__ = f"dx = dout * dy/dx, with dy/dx = {row.derivative}."
    return forward, backward


neg_forward, neg_backward = pair("neg")
abs_forward, abs_backward = pair("abs")
sign_forward, sign_backward = pair("sign")
square_forward, square_backward = pair("square")
exp_forward, exp_backward = pair("exp")
expm1_forward, expm1_backward = pair("expm1")
log_forward, log_backward = pair("log")
log1p_forward, log1p_backward = pair("log1p")
sqrt_forward, sqrt_backward = pair("sqrt")
rsqrt_forward, rsqrt_backward = pair("rsqrt")
reciprocal_forward, reciprocal_backward = pair("reciprocal")
sin_forward, sin_backward = pair("sin")
cos_forward, cos_backward = pair("cos")
tanh_forward, tanh_backward = pair("tanh")
sigmoid_forward, sigmoid_backward = pair("sigmoid")
log2_forward, log2_backward = pair("log2")
log10_forward, log10_backward = pair("log10")
exp2_forward, exp2_backward = pair("exp2")
tan_forward, tan_backward = pair("tan")
asin_forward, asin_backward = pair("asin")
acos_forward, acos_backward = pair("acos")
atan_forward, atan_backward = pair("atan")
sinh_forward, sinh_backward = pair("sinh")
cosh_forward, cosh_backward = pair("cosh")
asinh_forward, asinh_backward = pair("asinh")
acosh_forward, acosh_backward = pair("acosh")
atanh_forward, atanh_backward = pair("atanh")
erf_forward, erf_backward = pair("erf")
floor_forward, floor_backward = pair("floor")
ceil_forward, ceil_backward = pair("ceil")
trunc_forward, trunc_backward = pair("trunc")
frac_forward, frac_backward = pair("frac")


def round_forward(x: Array, decimals: int = 0):
    """out = x rounded to `decimals` places, halves to the even neighbour."""
    return x.copy() if x.dtype.kind == "b" else array_module(x).round(x, decimals), None


def round_backward(dout: Array, cache):
    """Flat between its jumps, so nothing flows back."""
    return array_module(dout).zeros_like(dout)


def relu_forward(x: Array):
    """out = max(x, 0), for x of any shape. The cache is x itself, as in the course."""
    return by_parts(array_module(x).maximum, x, 0), x


def relu_backward(dout: Array, cache: Array):
    """Where x > 0 the function is the identity and the gradient passes; elsewhere it is constant and nothing does.

    At the kink, x = 0, any slope between 0 and 1 is a subgradient; the convention (PyTorch's, and ours) is 0.
    """
    return by_parts(_where_positive, cache, dout)


def _where_positive(x: Array, dout: Array, out: Array | None = None) -> Array:
    return only_where(~(x <= 0), dout, out) if is_on_host(x) else kernels.relu_backward(x, dout)


def by_parts(function: Callable, x: Array, other: Array | float) -> Array:
    """function(x, other), element by element, in x's order in memory; if x is large, in parts that threads share.

    NumPy keeps the order by itself. CuPy goes through its arrays row by row, and so lies its result. In images, whose
    batch is innermost, neighbouring threads would be far apart then: so CuPy is shown the axes as they lie in memory.
    """
    if not is_on_host(x):
        if x.flags.c_contiguous:
            return function(x, other)
        axes = sorted(range(x.ndim), key=lambda axis: -x.strides[axis])
        turned = function(x.transpose(axes), other if isinstance(other, (int, float)) else other.transpose(axes))
        return turned.transpose([axes.index(axis) for axis in range(x.ndim)])
    if x.size < LARGE:
        return function(x, other)
    out = memory.empty_like(x)
    outermost = int(np.argmax(np.abs(out.strides)))

    def walk(mine: range) -> None:
        part = (slice(None),) * outermost + (slice(mine.start, mine.stop),)
        function(x[part], other if isinstance(other, (int, float)) else other[part], out=out[part])

    share(walk, out.shape[outermost], MULTIPLICATIONS * x.size)
    return out


def by_blocks(function: Callable, x: Array, *others: Array) -> Array:
    """function(x, *others), element by element, in x's shape, dtype and order in memory; if x is large, block by block.

    A large array of each step between would go out to memory and come back; the steps of a block stay in the cache.
    (Threads that share the blocks are no quicker: each step is so short that they wait for the interpreter's lock.)
    """
    arrays = (x, *others)
    if not is_on_host(x) or x.size < LARGE or any(array.shape != x.shape for array in others):
        return function(*arrays)
    axes = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    out = memory.empty_like(x)
    *given, result = [array.transpose(axes).reshape(-1) for array in (*arrays, out)]

    for start in range(0, x.size, BLOCK):
        block = slice(start, start + BLOCK)
        result[block] = function(*[array[block] for array in given])
    return out
