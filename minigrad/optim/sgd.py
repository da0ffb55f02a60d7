"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor


class SGD(Optimizer):
    """w -= lr * v, with the velocity v = momentum * v + (1 - dampening) * g, and g = gradient + weight_decay * w.

    The first velocity is g itself. Without momentum v is g; `nesterov` steps along g + momentum * v.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), in PyTorch's
    form, where the learning rate is not part of the velocity.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if lr < 0 or momentum < 0 or weight_decay < 0:
            raise ValueError(
                f"SGD: lr, momentum and weight_decay must be >= 0, got {lr}, {momentum} and {weight_decay}."
            )
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("SGD: nesterov needs a momentum and no dampening.")
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov})

    def update(self, array: Array, gradient: Array, memory: dict[str, Array], settings: dict[str, Any]) -> None:
        momentum = settings["momentum"]
        if settings["weight_decay"]:
            gradient = gradient + settings["weight_decay"] * array
        step = gradient
        if momentum:
            if "velocity" not in memory:
                memory["velocity"] = gradient.copy()
            else:
                velocity = memory["velocity"]
                velocity *= momentum
                velocity += gradient if not settings["dampening"] else (1 - settings["dampening"]) * gradient
            step = memory["velocity"]
            if settings["nesterov"]:
                step = gradient + momentum * step
        array -= settings["lr"] * step
