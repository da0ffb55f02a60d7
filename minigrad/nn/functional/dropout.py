"""Dropout: elements, or whole channels, set to 0 at random while training."""

from __future__ import annotations

from minigrad import random
from minigrad.backend import DtypeError, ShapeError, float32, is_float
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import dropout as pairs
from minigrad.tensor import Tensor

_dropout = differentiable(pairs.dropout_forward, pairs.dropout_backward)


@of_tensors
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element is set to 0 with probability p, and the others are divided by 1 - p, while training.

    `inplace` is accepted, but the result is always a new tensor.
    """
    return _drop("dropout", input, input.shape, p, training)


@of_tensors
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels: input (N, C, H, W), or (C, H, W), where all places of a channel fall together."""
    if input.ndim not in (3, 4):
        raise ShapeError(f"dropout2d: expected (N, C, H, W) or (C, H, W), got {input.shape}.")
    return _drop("dropout2d", input, input.shape[:-2] + (1, 1), p, training)


def _drop(name: str, input: Tensor, shape: tuple[int, ...], p: float, training: bool) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is a probability, 0..1, got {p}.")
    if not is_float(input.dtype):
        raise DtypeError(f"{name}: expected a floating-point tensor, got {input.dtype}.")
    p = float(p)
    if not training or p == 0:
        return input
    kept = random.uniform(shape, float32, input.device) >= p
    return _dropout(input, kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0))
