"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array
from minigrad.kernels import optim as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.optim.optimizer import Optimizer, Params, downhill, numbers, remembered


class SGD(Optimizer):
    """w -= lr * v, with the velocity v = momentum * v + (1 - dampening) * g, and g = gradient + weight_decay * w.

    The first velocity is g itself. Without momentum v is g; `nesterov` steps along g + momentum * v. `maximize` climbs:
    the gradient counts with its sign turned.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), in PyTorch's
    form, where the learning rate is not part of the velocity.
    """

    def __init__(
        self,
        params: Params,
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
        self.refuse_negative(settings, "lr", "momentum", "weight_decay")
        if settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum and no dampening.")

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        if fit_a_kernel(array, gradient):
            self._update_on_gpu(array, gradient, memory, settings)
            return
        lr, momentum, dampening = numbers(settings, "lr", "momentum", "dampening")
        step = gradient = downhill(gradient, array, settings)
        if momentum:
            is_first = "momentum_buffer" not in memory
            step = velocity = remembered(memory, "momentum_buffer", array)
            velocity *= momentum
            velocity += gradient if is_first or not dampening else (1 - dampening) * gradient
            if settings["nesterov"]:
                step = gradient + momentum * velocity
        array -= lr * step

    def _update_on_gpu(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """The same in one launch."""
        decay, lr, momentum, dampening = numbers(settings, "weight_decay", "lr", "momentum", "dampening")
        climbs, nesterov = int(settings["maximize"]), int(settings["nesterov"])
        if momentum:
            share = 1 - dampening if "momentum_buffer" in memory else 1.0
            velocity = remembered(memory, "momentum_buffer", array)
            kernels.sgd_with_momentum(
                gradient, decay, lr, momentum, share, array, velocity, MAXIMIZE=climbs, NESTEROV=nesterov
            )
        else:
            kernels.sgd(gradient, decay, lr, array, MAXIMIZE=climbs)
