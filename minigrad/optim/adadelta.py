"""Adadelta: steps as large as the recent ones, for gradients as large as the recent ones."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels import optim as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.optim.optimizer import Optimizer, Params, count_step, downhill, numbers, remembered


class Adadelta(Optimizer):
    """w -= lr * d, with d = g * √(u + eps) / √(v + eps), and running means of the squares of gradients and of steps:

        v = rho * v + (1 - rho) * g²        before the step
        u = rho * u + (1 - rho) * d²        after it

    A gradient is measured in loss per weight, and a step should be in weights. `RMSprop` divides g by √v, which leaves
    a number without a unit, and it is the learning rate that has to be a weight's size. Here the size of the steps so
    far is put in its place, so that lr = 1 will mostly do. They begin at 0, and eps gives them their start: the first
    steps are short.

    weight_decay: adds weight_decay * w to g.
    maximize: climbs, with the sign of the gradient turned.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method" (2012), algorithm 1, with PyTorch's lr.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        self.refuse_negative(settings, "lr", "eps", "weight_decay")
        if not 0 <= settings["rho"] <= 1:
            raise ValueError(f"Adadelta: rho must be between 0 and 1, got {settings['rho']}.")

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        if fit_a_kernel(array, gradient):
            self._update_on_gpu(array, gradient, memory, settings)
            return
        xp = array_module(array)
        lr, rho, eps = numbers(settings, "lr", "rho", "eps")
        gradient = downhill(gradient, array, settings)
        count_step(memory)  # the rule needs no count, but PyTorch's state has one, and is to read ours
        gradients, steps = remembered(memory, "square_avg", array), remembered(memory, "acc_delta", array)
        gradients *= rho
        gradients += (1 - rho) * gradient * gradient
        step = gradient * xp.sqrt(steps + eps) / xp.sqrt(gradients + eps)
        steps *= rho
        steps += (1 - rho) * step * step
        array -= lr * step

    def _update_on_gpu(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """The same in one launch."""
        decay, lr, rho, eps = numbers(settings, "weight_decay", "lr", "rho", "eps")
        count_step(memory)
        memories = remembered(memory, "square_avg", array), remembered(memory, "acc_delta", array)
        sign = int(settings["maximize"])
        kernels.adadelta(gradient, decay, lr, rho, 1 - rho, eps, array, *memories, MAXIMIZE=sign)
