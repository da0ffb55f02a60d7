"""Adam: steps of a size of their own for each weight, from running means of its gradients and their squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.backend import Array, array_module
from minigrad.kernels import optim as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.optim.optimizer import Optimizer, Params, count_step, downhill, numbers, remembered


class Adam(Optimizer):
    """w -= lr * m̂ / (√v̂ + eps), with running means of the gradient g and of its square, at step t = 1, 2, ...:

        m = beta1 * m + (1 - beta1) * g        m̂ = m / (1 - beta1^t)
        v = beta2 * v + (1 - beta2) * g²       v̂ = v / (1 - beta2^t)

    Dividing by √v̂ makes a step about as long as `lr`, whether a weight's gradients are large or small.

    Why the hats: m and v start at 0 and are at first far too small (after one step v is g² / 1000). Written out,
    m is a sum of gradients whose weights add up to 1 - beta1^t, so dividing by that makes it a proper mean.

    weight_decay: adds weight_decay * w to g. There it is divided by √v̂ like the rest, so that weights with large
        gradients decay less; see `AdamW`.
    amsgrad: divides by the largest v so far, so that a rare large gradient is not soon forgotten and the steps of a
        weight cannot grow again (Reddi et al., "On the Convergence of Adam and Beyond", 2018).
    maximize: climbs, with the sign of the gradient turned.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: Sequence[float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "amsgrad": amsgrad, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        self.refuse_negative(settings, "lr", "eps", "weight_decay")
        betas = settings["betas"]
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas must be two numbers, each >= 0 and < 1, got {betas}.")

    def update(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        if fit_a_kernel(array, gradient):
            self._update_on_gpu(array, gradient, memory, settings)
            return
        xp = array_module(array)
        lr, eps = numbers(settings, "lr", "eps")
        beta1, beta2 = (float(beta) for beta in settings["betas"])
        if "kept" in settings:  # AdamW's
            array *= settings["kept"]
        gradient = downhill(gradient, array, settings)
        t = count_step(memory)
        mean = remembered(memory, "exp_avg", array)
        mean *= beta1
        mean += (1 - beta1) * gradient
        square = remembered(memory, "exp_avg_sq", array)
        square *= beta2
        square += (1 - beta2) * gradient * gradient
        if settings["amsgrad"]:
            largest = remembered(memory, "max_exp_avg_sq", array)
            square = xp.maximum(largest, square, out=largest)
        size = xp.sqrt(square / (1 - beta2**t)) + eps
        array -= lr / (1 - beta1**t) * mean / size

    def _update_on_gpu(self, array: Array, gradient: Array, memory: dict[str, Any], settings: dict[str, Any]) -> None:
        """The same in one launch."""
        decay, lr, eps = numbers(settings, "weight_decay", "lr", "eps")
        beta1, beta2 = (float(beta) for beta in settings["betas"])
        t = count_step(memory)
        names = ["exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * bool(settings["amsgrad"])]
        kernels.adam(bool(settings["amsgrad"]))(
            gradient, decay, settings.get("kept", 1.0), lr / (1 - beta1**t),
            beta1, 1 - beta1, beta2, 1 - beta2, 1 - beta2**t, eps,
            array, *(remembered(memory, name, array) for name in names), MAXIMIZE=int(settings["maximize"]),
        )  # fmt: skip
