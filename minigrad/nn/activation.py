"""Activations as modules."""

from __future__ import annotations

from minigrad.nn import functional
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class ReLU(Module):
    """max(x, 0), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return functional.relu(input)
