"""Losses as modules: the functions of `functional` with their settings kept."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional
from minigrad.nn.functional.loss import refuse_former_names
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class _Loss(Module):
    """A loss whose settings are those of the function `name`. A Tensor among them is a buffer."""

    name: str

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean", **settings: Any):
        super().__init__()
        refuse_former_names(type(self).__name__, size_average, reduce)
        self.reduction = reduction
        self._settings = ["reduction", *settings]
        for setting, value in settings.items():
            if setting.endswith("weight"):
                self.register_buffer(setting, value)
            else:
                setattr(self, setting, value)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        settings = {setting: getattr(self, setting) for setting in self._settings}
        return getattr(functional, self.name)(input, target, **settings)


class CrossEntropyLoss(_Loss):
    """`functional.cross_entropy` with its settings kept.

    Shapes: input (N, C) or (N, C, d_1, ...), the logits; target, integer labels, without the C, or shares like input.
    """

    name = "cross_entropy"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            size_average, reduce, reduction, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing
        )


class NLLLoss(_Loss):
    """`functional.nll_loss`: input log-probabilities (N, C) or (N, C, d_1, ...), target labels without the C."""

    name = "nll_loss"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction, weight=weight, ignore_index=ignore_index)


class MSELoss(_Loss):
    """(input - target)², averaged, summed or each."""

    name = "mse_loss"

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)


class L1Loss(_Loss):
    """|input - target|, averaged, summed or each."""

    name = "l1_loss"

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)


class SmoothL1Loss(_Loss):
    """`functional.smooth_l1_loss`: a parabola for differences below beta, |difference| - beta / 2 above."""

    name = "smooth_l1_loss"

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction, beta=beta)


class HuberLoss(_Loss):
    """`functional.huber_loss`: a parabola for differences up to delta, a line of slope delta beyond."""

    name = "huber_loss"

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)


class BCEWithLogitsLoss(_Loss):
    """`functional.binary_cross_entropy_with_logits`: input logits, target of the same shape, between 0 and 1."""

    name = "binary_cross_entropy_with_logits"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction, weight=weight, pos_weight=pos_weight)


class BCELoss(_Loss):
    """`functional.binary_cross_entropy`: input probabilities, target of the same shape, between 0 and 1."""

    name = "binary_cross_entropy"

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction, weight=weight)


class KLDivLoss(_Loss):
    """`functional.kl_div`: input log-probabilities, target probabilities (or their logs with log_target)."""

    name = "kl_div"

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction, log_target=log_target)
