"""The fully-connected layer as a function, the course's `fc` and PyTorch's `linear`."""

from __future__ import annotations

from minigrad.lift import differentiable
from minigrad.ops import linear as pairs
from minigrad.tensor import Tensor

fc = differentiable(pairs.fc_forward, pairs.fc_backward)
_linear = differentiable(pairs.linear_forward, pairs.linear_backward)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias. Shapes: input (*, in), weight (out, in), bias (out,), result (*, out)."""
    return _linear(input, weight, bias)
