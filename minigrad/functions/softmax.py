"""Scores as probabilities, and their logarithms."""

from __future__ import annotations

from typing import Any

from minigrad.functions.reduction import floating, one_axis
from minigrad.functions.table import public
from minigrad.lift import differentiable
from minigrad.ops import softmax as pairs
from minigrad.tensor import Tensor

_softmax = differentiable(pairs.softmax_forward, pairs.softmax_backward)
_log_softmax = differentiable(pairs.log_softmax_forward, pairs.log_softmax_backward)


@public
def softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """eˣ / Σ eˣ along `dim`: positive numbers that add up to 1. With a dtype, x is converted to it first."""
    return _softmax(floating(x, dtype, "softmax"), axis=one_axis(dim, x, "softmax"))


@public
def log_softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """x - log Σ eˣ along `dim`, the logarithm of `softmax`. With a dtype, x is converted to it first."""
    return _log_softmax(floating(x, dtype, "log_softmax"), axis=one_axis(dim, x, "log_softmax"))
