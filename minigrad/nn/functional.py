"""Layers as functions (`import minigrad.nn.functional as F`): lifted pairs, with PyTorch's arguments."""

from __future__ import annotations

from minigrad.functions import elementwise as _elementwise
from minigrad.lift import differentiable
from minigrad.ops import linear as _linear
from minigrad.ops import loss as _loss
from minigrad.tensor import Tensor

__all__ = ["cross_entropy", "fc", "linear", "relu"]

fc = differentiable(_linear.fc_forward, _linear.fc_backward)
_linear_op = differentiable(_linear.linear_forward, _linear.linear_backward)
_cross_entropy = differentiable(_loss.cross_entropy_forward, _loss.cross_entropy_backward)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), element by element. `inplace` is accepted, but the result is always a new tensor."""
    return _elementwise.relu(input)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias. Shapes: input (*, in), weight (out, in), bias (out,), result (*, out)."""
    return _linear_op(input, weight, bias)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy between softmax(input) and integer labels.

    Shapes: input (N, C), (N, C, d_1, ...) or (C,), the logits; target without the C; weight (C,).
    """
    return _cross_entropy(
        input, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
    )
