"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import Array
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor


class SGD(Optimizer):
    """w -= lr * v, with the velocity v = momentum * v + (1 - dampening) * g, and g = gradient + weight_decay * w.

    The first velocity is g itself. Without momentum v is g; `nesterov` steps along g + momentum * v. `maximize` climbs:
    the gradient counts with its sign turned.

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
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            if not settings[name] >= 0:  # NaN is not, either
                raise ValueError(f"SGD: {name} must be >= 0, got {settings[name]}.")
        if settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum and no dampening.")

    def update(self, array: Array, gradient: Array, memory: dict[str, Array], settings: dict[str, Any]) -> None:
        # As Python numbers: NumPy's would turn float32 arrays into float64.
        lr, momentum, dampening, decay = (
            float(settings[name]) for name in ("lr", "momentum", "dampening", "weight_decay")
        )
        if settings["maximize"]:
            gradient = -gradient
        if decay:
            gradient = gradient + decay * array
        step = gradient
        if momentum:
            if "momentum_buffer" not in memory:
                memory["momentum_buffer"] = gradient.copy()
            else:
                velocity = memory["momentum_buffer"]
                velocity *= momentum
                velocity += (1 - dampening) * gradient if dampening else gradient
            step = memory["momentum_buffer"]
            if settings["nesterov"]:
                step = gradient + momentum * step
        array -= lr * step
