"""Adagrad: gradients divided by the size of all that came before them."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels import optim as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.optim.optimizer import Optimizer, Params, count_step, downhill, numbers, remembered


class Adagrad(Optimizer):
    """w -= lr_t * g / (√s + eps), with the sum of squares s = s + g² and lr_t = lr / (1 + (t - 1) * lr_decay).

    A weight that seldom has a gradient (a rare word's) keeps long steps; one that often has takes shorter and shorter
    ones. Since s only grows, all steps shrink, about as 1 / √t: right for convex losses, early for deep networks.

    initial_accumulator_value: what s starts with; more than 0 makes the first steps shorter.
    weight_decay: adds weight_decay * w to g.
    maximize: climbs, with the sign of the gradient turned.

    Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"
    (2011).
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        start = {"initial_accumulator_value": initial_accumulator_value}
        super().__init__(params, {**settings, **start, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        self.refuse_negative(settings, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        if fit_a_kernel(array, gradient):
            self._update_on_gpu(array, gradient, memory, settings)
            return
        lr, lr_decay, eps, start = numbers(settings, "lr", "lr_decay", "eps", "initial_accumulator_value")
        gradient = downhill(gradient, array, settings)
        t = count_step(memory)
        squares = remembered(memory, "sum", array, start)
        squares += gradient * gradient
        array -= lr / (1 + (t - 1) * lr_decay) * gradient / (array_module(array).sqrt(squares) + eps)

    def _update_on_gpu(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """The same in one launch."""
        names = "weight_decay", "lr", "lr_decay", "eps", "initial_accumulator_value"
        decay, lr, lr_decay, eps, start = numbers(settings, *names)
        rate = lr / (1 + (count_step(memory) - 1) * lr_decay)
        squares = remembered(memory, "sum", array, start)
        kernels.adagrad(gradient, decay, rate, eps, array, squares, MAXIMIZE=int(settings["maximize"]))
