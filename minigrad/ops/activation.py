"""Activations with settings: a table of values and slopes, as in `elementwise`.

Element i of the output depends on element i of the input alone, so for all of them dx = dout * dy/dx. The cache is x.

At a kink the slope is PyTorch's: that of the left side for leaky_relu and elu, 0 for hardtanh. No exponent is
positive where it could be large, so that nothing overflows where y itself does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigrad.backend import Array, DtypeError, array_module, float16, float32
from minigrad.ops.elementwise import by_blocks, log_1_exp, logistic
from minigrad.ops.erf import erf

ROOT_2, ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)

# Klambauer et al., "Self-normalizing neural networks" (2017): with these, mean 0 and variance 1 stay what they are.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@dataclass(frozen=True)
class Activation:
    """One row: `value(xp, x, **settings)` gives y and `slope(xp, x, **settings)` gives dy/dx; both in symbols.

    integers: they are taken too, and stay integers.
    """

    formula: str
    value: Callable[..., Array]
    derivative: str
    slope: Callable[..., Array]
    integers: bool = False


def _leaky(xp: Any, x: Array, negative_slope: float) -> Array:
    return xp.where(x > 0, x, negative_slope * x)


def _leaky_slope(xp: Any, x: Array, negative_slope: float) -> Array:
    return xp.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))


def _elu(xp: Any, x: Array, alpha: float) -> Array:
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


def _elu_slope(xp: Any, x: Array, alpha: float) -> Array:
    return xp.where(x <= 0, alpha * xp.exp(xp.minimum(x, 0)), 1)


def _silu(xp: Any, x: Array) -> Array:
    return x * logistic(xp, x)


def _silu_slope(xp: Any, x: Array) -> Array:
    s = logistic(xp, x)
    return s * (1 + x * (1 - s))


def _normal(xp: Any, x: Array) -> Array:
    """Φ(x): how much of the standard normal distribution lies below x."""
    return 0.5 * (1 + erf(xp, x / ROOT_2))


def _gelu(xp: Any, x: Array) -> Array:
    return x * _normal(xp, x)


def _gelu_slope(xp: Any, x: Array) -> Array:
    return _normal(xp, x) + x * xp.exp(-0.5 * x * x) / ROOT_2_PI


def _gelu_inner(x: Array) -> Array:
    return (2 / ROOT_2_PI) * (x + 0.044715 * x * x * x)


def _gelu_tanh(xp: Any, x: Array) -> Array:
    return 0.5 * x * (1 + xp.tanh(_gelu_inner(x)))


def _gelu_tanh_slope(xp: Any, x: Array) -> Array:
    t = xp.tanh(_gelu_inner(x))
    inner_slope = (2 / ROOT_2_PI) * (1 + 3 * 0.044715 * x * x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner_slope


def _softplus(xp: Any, x: Array, beta: float, threshold: float) -> Array:
    scaled = beta * x
    return xp.where(scaled > threshold, x, log_1_exp(xp, scaled) / beta)


def _softplus_slope(xp: Any, x: Array, beta: float, threshold: float) -> Array:
    return xp.where(beta * x > threshold, 1, logistic(xp, beta * x))


def _mish(xp: Any, x: Array) -> Array:
    return x * xp.tanh(log_1_exp(xp, x))


def _mish_slope(xp: Any, x: Array) -> Array:
    t = xp.tanh(log_1_exp(xp, x))
    return t + x * (1 - t * t) * logistic(xp, x)


def _hardtanh(xp: Any, x: Array, min_val: float, max_val: float) -> Array:
    return xp.minimum(xp.maximum(x, min_val), max_val)


def _hardtanh_slope(xp: Any, x: Array, min_val: float, max_val: float) -> Array:
    return 1 - ((x <= min_val) | (x >= max_val)).astype(x.dtype)


TABLE: dict[str, Activation] = {
    # name                     y                           how to compute it    dy/dx
    "leaky_relu": Activation("x where x > 0, else s x", _leaky, "1 where x > 0, else s", _leaky_slope),
    "elu": Activation("x where x > 0, else α(eˣ - 1)", _elu, "1 where x > 0, else α eˣ", _elu_slope),
    "selu": Activation(
        "λ times elu, with the α and λ above",
        lambda xp, x: SELU_SCALE * _elu(xp, x, SELU_ALPHA),
        "λ times elu's",
        lambda xp, x: SELU_SCALE * _elu_slope(xp, x, SELU_ALPHA),
    ),
    "silu": Activation("x σ(x)", _silu, "σ(1 + x(1 - σ)), since σ' = σ(1 - σ)", _silu_slope),
    "gelu": Activation("x Φ(x)", _gelu, "Φ + x φ, with φ = Φ' = e^(-x²/2)/√2π", _gelu_slope),
    "gelu_tanh": Activation(
        "x/2 (1 + tanh u), u = √(2/π)(x + 0.044715x³)",
        _gelu_tanh,
        "(1 + tanh u)/2 + x/2 (1 - tanh² u) u'",
        _gelu_tanh_slope,
    ),
    "softplus": Activation(
        "log(1 + e^(βx))/β, and x where βx > threshold", _softplus, "σ(βx), and 1 there", _softplus_slope
    ),
    "mish": Activation("x tanh s, with s = log(1 + eˣ)", _mish, "t + x (1 - t²) σ(x), t = tanh s, s' = σ", _mish_slope),
    "logsigmoid": Activation(
        "log σ(x) = -log(1 + e⁻ˣ)",
        lambda xp, x: -log_1_exp(xp, -x),
        "1 - σ(x) = σ(-x)",
        lambda xp, x: logistic(xp, -x),
    ),
    "hardtanh": Activation("x brought into min..max", _hardtanh, "1 strictly inside, else 0", _hardtanh_slope, True),
}


def pair(name: str) -> tuple[Callable, Callable]:
    """The pair `(forward, backward)` of the row `name`."""
    row = TABLE[name]

    def forward(x: Array, **settings: float):
        if x.dtype.kind != "f" and not (row.integers and x.dtype.kind in "iu"):
            raise DtypeError(f"{name}: expected a floating-point tensor, got {x.dtype}.")
        xp = array_module(x)

        def values(x: Array) -> Array:
            return row.value(xp, _wide(x), **settings).astype(x.dtype, copy=False)

        return by_blocks(values, x), (x, settings)

    def backward(dout: Array, cache):
        x, settings = cache
        xp = array_module(dout)

        def gradients(x: Array, dout: Array) -> Array:
            return (dout * row.slope(xp, _wide(x), **settings)).astype(x.dtype, copy=False)

        return by_blocks(gradients, x, dout)

    forward.__name__ = forward.__qualname__ = f"{name}_forward"
    backward.__name__ = backward.__qualname__ = f"{name}_backward"
    forward.__doc__ = f"y = {row.formula}, element by element; x of any shape."
    backward.__doc__ = f"dx = dout * dy/dx, with dy/dx = {row.derivative}."
    return forward, backward


def _wide(x: Array) -> Array:
    """float16 is calculated in float32, as in PyTorch: x³ and e¹² are too large for it where y and dy/dx are not."""
    return x.astype(float32) if x.dtype == float16 else x
