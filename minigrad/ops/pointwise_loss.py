"""Losses that compare two arrays element by element, and then sum or average: a table of values and slopes.

The family's story is one: with ℓ the loss of one pair of elements and n what the reduction divides by (the number of
losses for "mean", 1 for "sum" and "none"),

    out = Σ ℓ(x, y) / n,    dx = dout / n * ∂ℓ/∂x,    dy = dout / n * ∂ℓ/∂y

What differs is ℓ and its two slopes, which stand side by side below. x and y broadcast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigrad.backend import Array, DtypeError, array_module, divided
from minigrad.ops.elementwise import log_1_exp, logistic
from minigrad.ops.loss import reduced


@dataclass(frozen=True)
class PointwiseLoss:
    """One row: ℓ, ∂ℓ/∂x and ∂ℓ/∂y as functions of (xp, x, y, **settings). No by_y: a loss of x - y, with -∂ℓ/∂x."""

    formula: str
    value: Callable[..., Array]
    slope: str
    by_x: Callable[..., Array]
    by_y: Callable[..., Array] | None = None


def _smooth_l1(xp: Any, x: Array, y: Array, beta: float) -> Array:
    size = abs(x - y)
    return xp.where(size < beta, size * size * (0.5 / beta), size - 0.5 * beta) if beta else size


def _smooth_l1_by_x(xp: Any, x: Array, y: Array, beta: float) -> Array:
    d = x - y
    return xp.clip(d / beta, -1, 1) if beta else xp.sign(d)


def _huber(xp: Any, x: Array, y: Array, delta: float) -> Array:
    size = abs(x - y)
    return xp.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _logits(xp: Any, x: Array, y: Array, pos_weight: Array | float) -> Array:
    return (1 - y) * x + (1 + (pos_weight - 1) * y) * log_1_exp(xp, -x)


def _logits_by_x(xp: Any, x: Array, y: Array, pos_weight: Array | float) -> Array:
    return (1 - y) - (1 + (pos_weight - 1) * y) * logistic(xp, -x)


def _probability(xp: Any, x: Array, y: Array) -> Array:
    return (y - 1) * xp.maximum(xp.log1p(-x), -100) - y * xp.maximum(xp.log(x), -100)


def _kl(xp: Any, x: Array, y: Array, log_target: bool) -> Array:
    if log_target:
        return xp.exp(y) * (y - x)
    return xp.where(y == 0, 0, y * xp.log(y)) - y * x  # y log y tends to 0 there


def _kl_by_y(xp: Any, x: Array, y: Array, log_target: bool) -> Array:
    return xp.exp(y) * (y - x + 1) if log_target else xp.log(y) + 1 - x


TABLE: dict[str, PointwiseLoss] = {
    "mse_loss": PointwiseLoss(
        "(x - y)²", lambda xp, x, y: (x - y) ** 2, "∂ℓ/∂x = 2 (x - y) = -∂ℓ/∂y.", lambda xp, x, y: 2 * (x - y)
    ),
    "l1_loss": PointwiseLoss(
        "|x - y|",
        lambda xp, x, y: abs(x - y),
        "∂ℓ/∂x = sign(x - y) = -∂ℓ/∂y, 0 where x = y.",
        lambda xp, x, y: xp.sign(x - y),
    ),
    "smooth_l1_loss": PointwiseLoss(
        "d²/(2 beta) where |d| < beta, else |d| - beta/2, with d = x - y",
        _smooth_l1,
        "∂ℓ/∂x = d/beta inside, sign(d) outside: d/beta cut off at ±1; and -∂ℓ/∂x for y.",
        _smooth_l1_by_x,
    ),
    "huber_loss": PointwiseLoss(
        "d²/2 where |d| <= delta, else delta (|d| - delta/2), with d = x - y",
        _huber,
        "∂ℓ/∂x = d inside, delta sign(d) outside: d cut off at ±delta; and -∂ℓ/∂x for y.",
        lambda xp, x, y, delta: xp.clip(x - y, -delta, delta),
    ),
    "binary_cross_entropy_with_logits": PointwiseLoss(
        "-pos_weight y log σ(x) - (1 - y) log(1 - σ(x)) = (1 - y) x + l softplus(-x), l = 1 + (pos_weight - 1) y",
        _logits,
        "softplus(-x) has slope -σ(-x), so ∂ℓ/∂x = 1 - y - l σ(-x), which is σ(x) - y without pos_weight;"
        " ∂ℓ/∂y = -x + (pos_weight - 1) softplus(-x).",
        _logits_by_x,
        lambda xp, x, y, pos_weight: (pos_weight - 1) * log_1_exp(xp, -x) - x,
    ),
    "binary_cross_entropy": PointwiseLoss(
        "-y log x - (1 - y) log(1 - x), with no log below -100",
        _probability,
        "∂ℓ/∂x = -y/x + (1 - y)/(1 - x) = (x - y)/(x (1 - x)), the divisor at least 1e-12; ∂ℓ/∂y = log(1 - x) - log x.",
        lambda xp, x, y: (x - y) / xp.maximum((1 - x) * x, 1e-12),
        lambda xp, x, y: xp.log1p(-x) - xp.log(x),
    ),
    "kl_div": PointwiseLoss(
        "y (log y - x), x a log-probability; with log_target y is one too: e^y (y - x)",
        _kl,
        "∂ℓ/∂x = -y (or -e^y); ∂ℓ/∂y = log y + 1 - x (or e^y (y - x + 1)), by the product rule.",
        lambda xp, x, y, log_target: -xp.exp(y) if log_target else -y,
        _kl_by_y,
    ),
}


def pair(name: str) -> tuple[Callable, Callable]:
    """The pair `(forward, backward)` of the row `name`."""
    row = TABLE[name]

    def forward(x: Array, y: Array, *, reduction: str = "mean", **settings: Any):
        if x.dtype.kind != "f":
            raise DtypeError(f"{name}: expected floating-point numbers, got {x.dtype} and {y.dtype}.")
        xp = array_module(x)
        if x.shape != y.shape:
            x, y = xp.broadcast_arrays(x, y)
        out, count = reduced(row.value(xp, x, y, **settings), reduction, name)
        return out, (x, y, count, settings)

    def backward(dout: Array, cache, needs: tuple[bool, ...] = (True, True)):
        x, y, count, settings = cache
        xp, upstream = array_module(x), divided(dout, count)
        dx = upstream * row.by_x(xp, x, y, **settings)
        if not needs[1]:
            return dx, None
        return dx, -dx if row.by_y is None else upstream * row.by_y(xp, x, y, **settings)

    forward.__name__ = forward.__qualname__ = f"{name}_forward"
    backward.__name__ = backward.__qualname__ = f"{name}_backward"
    forward.__doc__ = f'ℓ = {row.formula}; its mean, sum, or ("none") each. x and y of any shapes that broadcast.'
    backward.__doc__ = f"dx = dout / n * ∂ℓ/∂x and dy = dout / n * ∂ℓ/∂y. {row.slope}"
    return forward, backward


mse_loss_forward, mse_loss_backward = pair("mse_loss")
l1_loss_forward, l1_loss_backward = pair("l1_loss")
smooth_l1_loss_forward, smooth_l1_loss_backward = pair("smooth_l1_loss")
huber_loss_forward, huber_loss_backward = pair("huber_loss")
binary_cross_entropy_with_logits_forward, binary_cross_entropy_with_logits_backward = pair(
    "binary_cross_entropy_with_logits"
)
binary_cross_entropy_forward, binary_cross_entropy_backward = pair("binary_cross_entropy")
kl_div_forward, kl_div_backward = pair("kl_div")
