"""Activations as functions. `inplace` is accepted, but the result is always a new tensor: backward may need the old."""

from __future__ import annotations

from typing import Any

from minigrad.backend import DtypeError, ShapeError, is_float
from minigrad.functions import arithmetic, elementwise
from minigrad.functions import softmax as _softmax
from minigrad.functions.table import wrap
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import activation as pairs
from minigrad.tensor import Tensor

_ops = {name: differentiable(*pairs.pair(name), name=name) for name in pairs.TABLE}


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return elementwise.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where it is positive, else negative_slope * input."""
    return _ops["leaky_relu"](input, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha * (exp(input) - 1)."""
    return _ops["elu"](input, alpha=alpha)


@of_tensors
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """An `elu` without a kink for any alpha: left of 0 it is alpha * (exp(input / alpha) - 1) (Barron, 2017)."""
    if alpha == 0:
        raise ValueError("celu: alpha, by which the input is divided, must not be 0.")
    return elu(arithmetic.div(input, alpha)) * alpha


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """A scaled `elu` that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _ops["selu"](input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Φ(input), Φ the normal distribution's; with approximate="tanh" the usual formula close to it."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}.")
    return _ops["gelu" if approximate == "none" else "gelu_tanh"](input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return _ops["silu"](input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input))."""
    return _ops["mish"](input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return elementwise.sigmoid(input)


def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of the sigmoid, without underflow."""
    return _ops["logsigmoid"](input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return elementwise.tanh(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * input)) / beta, a smooth relu; input itself where beta * input > threshold."""
    return _ops["softplus"](input, beta=beta, threshold=threshold)


@of_tensors
def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    return input / (1 + elementwise.abs(input))


@of_tensors
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b), with a and b the halves of input along `dim`: b is a gate for a (Dauphin et al., 2017)."""
    length = input.shape[wrap(dim, input.ndim, "glu")] if input.ndim else 1
    if length % 2:
        raise ShapeError(f"glu: the axis {dim} must have two halves, got shape {input.shape}.")
    if not is_float(input.dtype):
        raise DtypeError(f"glu: expected a floating-point tensor, got {input.dtype}.")
    values, gates = input.split(length // 2, dim) if length else (input, input)
    return values * sigmoid(gates)


@of_tensors
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """A `leaky_relu` whose slope is learned: weight (1,) or (), or (C,), one for each channel of input (N, C, ...)."""
    if weight.ndim > 1 or (weight.shape not in ((), (1,)) and weight.shape != input.shape[1:2]):
        raise ShapeError(
            f"prelu: weight must have one slope, or one for each channel of input (N, C, ...), got {weight.shape} for "
            f"{input.shape}."
        )
    if not is_float(input.dtype) or weight.dtype != input.dtype:
        raise DtypeError(
            f"prelu: expected input and weight of one floating-point dtype, got {input.dtype}, {weight.dtype}."
        )
    slope = weight.reshape(-1, *[1] * (input.ndim - 2)) if weight.numel() != 1 else weight.reshape(())
    positive = input.gt(0)
    negative = input.masked_fill(positive, 0)  # so that ∞ does not meet a slope of 0
    return arithmetic.where(positive, input, slope * negative)


@of_tensors
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input brought into min_val..max_val."""
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val must not be larger than max_val, got {min_val} and {max_val}.")
    return _ops["hardtanh"](input, min_val=min_val, max_val=max_val)


@of_tensors
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input brought into 0..6."""
    return hardtanh(input, 0.0, 6.0)


@of_tensors
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A sigmoid of straight lines: 0 up to -3, 1 from 3 on, between them input / 6 + 1 / 2."""
    return relu6(arithmetic.add(input, 3)) / 6


@of_tensors
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input), a `silu` without exponentials (Howard et al., 2019)."""
    return input * hardsigmoid(input)


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(input) / Σ exp(input) along `dim`."""
    return _softmax.softmax(input, _named(dim, "softmax"), dtype)


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without underflow."""
    return _softmax.log_softmax(input, _named(dim, "log_softmax"), dtype)


def _named(dim: int | None, name: str) -> int:
    if dim is None:
        raise ValueError(f"{name}: say along which dim, such as dim=1 for scores (N, C). (PyTorch guesses, and warns.)")
    return dim
