"""Activations with settings: a table of values and slopes, as in `elementwise`.

Element i of the output depends on element i of the input alone, so for all of them dx = dout * dy/dx. The cache is x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigrad.backend import Array, DtypeError, array_module
from minigrad.ops.elementwise import logistic
from minigrad.ops.erf import erf

ROOT_2, ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Activation:
    """One row: `value(xp, x, **settings)` gives y and `slope(xp, x, **settings)` gives dy/dx; both in symbols."""

    formula: str
    value: Callable[..., Array]
    derivative: str
    slope: Callable[..., Array]


def _leaky(xp: Any, x: Array, negative_slope: float) -> Array:
    return xp.where(x > 0, x, negative_slope * x)


def _leaky_slope(xp: Any, x: Array, negative_slope: float) -> Array:
    return xp.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))


def _elu(xp: Any, x: Array, alpha: float) -> Array:
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


def _elu_slope(xp: Any, x: Array, alpha: float) -> Array:
    return xp.where(x > 0, 1, alpha * xp.exp(xp.minimum(x, 0)))


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
    return xp.where(scaled > threshold, x, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


def _softplus_slope(xp: Any, x: Array, beta: float, threshold: float) -> Array:
    return xp.where(beta * x > threshold, 1, logistic(xp, beta * x))


def _log_sigmoid(xp: Any, x: Array) -> Array:
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-abs(x)))  # neither exponent is positive


def _hardtanh(xp: Any, x: Array, min_val: float, max_val: float) -> Array:
    return xp.minimum(xp.maximum(x, min_val), max_val)


def _hardtanh_slope(xp: Any, x: Array, min_val: float, max_val: float) -> Array:
    return ((x > min_val) & (x < max_val)).astype(x.dtype)


TABLE: dict[str, Activation] = {
    # name                     y                           how to compute it    dy/dx
    "leaky_relu": Activation("x where x > 0, else s x", _leaky, "1 where x > 0, else s", _leaky_slope),
    "elu": Activation("x where x > 0, else α(eˣ - 1)", _elu, "1 where x > 0, else α eˣ", _elu_slope),
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
    "logsigmoid": Activation("log σ(x)", _log_sigmoid, "1 - σ(x) = σ(-x)", lambda xp, x: logistic(xp, -x)),
    "hardtanh": Activation("x brought into min..max", _hardtanh, "1 strictly inside, else 0", _hardtanh_slope),
}


def pair(name: str) -> tuple[Callable, Callable]:
    """The pair `(forward, backward)` of the row `name`."""
    row = TABLE[name]

    def forward(x: Array, **settings: float):
        if x.dtype.kind != "f":
            raise DtypeError(f"{name}: expected a floating-point tensor, got {x.dtype}.")
        return row.value(array_module(x), x, **settings).astype(x.dtype, copy=False), (x, settings)

    def backward(dout: Array, cache):
        x, settings = cache
        return dout * row.slope(array_module(dout), x, **settings)

    forward.__name__ = forward.__qualname__ = f"{name}_forward"
    backward.__name__ = backward.__qualname__ = f"{name}_backward"
    forward.__doc__ = f"y = {row.formula}, element by element; x of any shape."
    backward.__doc__ = f"dx = dout * dy/dx, with dy/dx = {row.derivative}."
    return forward, backward
