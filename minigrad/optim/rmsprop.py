"""RMSprop: gradients divided by their recent size."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels import optim as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.optim.optimizer import Optimizer, Params, count_step, downhill, numbers, remembered


class RMSprop(Optimizer):
    """w -= lr * g / (√v + eps), with the running mean square v = alpha * v + (1 - alpha) * g².

    `Adagrad` adds up all squares and so comes to a halt; a running mean forgets, and follows gradients that change.
    Unlike `Adam`, v is not corrected for its start at 0: the first steps are longer, by up to 1 / √(1 - alpha).

    weight_decay: adds weight_decay * w to g.
    momentum: if > 0, w -= lr * b, with b = momentum * b + g / (√v + eps).
    centered: divides by the standard deviation √(v - a²), a the running mean of g, in place of √v (Graves,
        "Generating Sequences With Recurrent Neural Networks", 2013): steady gradients give longer steps.
    maximize: climbs, with the sign of the gradient turned.

    Source: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning" (2012), in PyTorch's form, with
    eps outside the root.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**settings, "centered": centered, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        self.refuse_negative(settings, "lr", "eps", "momentum", "weight_decay", "alpha")

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        if fit_a_kernel(array, gradient):
            self._update_on_gpu(array, gradient, memory, settings)
            return
        xp = array_module(array)
        lr, alpha, eps, momentum = numbers(settings, "lr", "alpha", "eps", "momentum")
        gradient = downhill(gradient, array, settings)
        count_step(memory)  # the rule needs no count, but PyTorch's state has one, and is to read ours
        square = remembered(memory, "square_avg", array)
        square *= alpha
        square += (1 - alpha) * gradient * gradient
        if settings["centered"]:
            mean = remembered(memory, "grad_avg", array)
            mean *= alpha
            mean += (1 - alpha) * gradient
            square = square - mean * mean
        step = gradient / (xp.sqrt(square) + eps)
        if momentum:
            velocity = remembered(memory, "momentum_buffer", array)
            velocity *= momentum
            velocity += step
            step = velocity
        array -= lr * step

    def _update_on_gpu(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """The same in one launch."""
        names = "weight_decay", "lr", "alpha", "eps", "momentum"
        decay, lr, alpha, eps, momentum = numbers(settings, *names)
        count_step(memory)
        centered = bool(settings["centered"])
        memories = ["square_avg", *["grad_avg"] * centered, *["momentum_buffer"] * bool(momentum)]
        kernels.rmsprop(centered, bool(momentum))(
            gradient, decay, lr, alpha, 1 - alpha, eps, momentum,
            array, *(remembered(memory, name, array) for name in memories), MAXIMIZE=int(settings["maximize"]),
        )  # fmt: skip
