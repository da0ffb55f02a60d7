"""AdamW: Adam whose weight decay is a step of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.backend import Array
from minigrad.optim.adam import Adam
from minigrad.optim.optimizer import Params, numbers


class AdamW(Adam):
    """w *= 1 - lr * weight_decay, then a step of `Adam` without weight decay.

    Why decoupled: in `Adam` the decay is part of the gradient, which is divided by its own size, so that the weights
    with the largest gradients decay least, and doubling weight_decay changes little. Here every weight shrinks by the
    same factor, as it does in `SGD`, where the two ways are one.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: Sequence[float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        lr, decay = numbers(settings, "lr", "weight_decay")
        super().update(array, gradient, memory, {**settings, "weight_decay": 0.0, "kept": 1 - lr * decay})
