"""Losses as functions. size_average and reduce are PyTorch's former names for `reduction`; they are refused."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.backend import ShapeError, is_on_host
from minigrad.lift import differentiable, not_tensors, of_tensors
from minigrad.ops import loss, pointwise_loss
from minigrad.tensor import Tensor, as_array

_cross_entropy = differentiable(loss.cross_entropy_forward, loss.cross_entropy_backward)
_nll_loss = differentiable(loss.nll_loss_forward, loss.nll_loss_backward)
_pointwise_losses = {
    name: differentiable(*pointwise_loss.pair(name), name=name, broadcasts=True) for name in pointwise_loss.TABLE
}


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy between softmax(input) and labels, or shares of the classes.

    Shapes: input (N, C), (N, C, d_1, ...) or (C,), the logits; target integers without the C, or floating point and of
    input's shape; weight (C,).
    """
    refuse_former_names("cross_entropy", size_average, reduce)
    return _cross_entropy(
        input, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input at the label: cross-entropy of log-probabilities. Shapes as in `cross_entropy`."""
    refuse_former_names("nll_loss", size_average, reduce)
    return _nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)


@of_tensors
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)². With a weight the mean is divided by the sum of the weights."""
    refuse_former_names("mse_loss", size_average, reduce)
    _warn_of_broadcasting("mse_loss", input, target)
    return _weighted("mse_loss", input, target, reduction, weight, weighted_mean=True)


@of_tensors
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|. With a weight the mean is divided by the sum of the weights."""
    refuse_former_names("l1_loss", size_average, reduce)
    _warn_of_broadcasting("l1_loss", input, target)
    return _weighted("l1_loss", input, target, reduction, weight, weighted_mean=True)


@of_tensors
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """d² / (2 beta) for differences |d| < beta, |d| - beta / 2 for larger ones."""
    refuse_former_names("smooth_l1_loss", size_average, reduce)
    _warn_of_broadcasting("smooth_l1_loss", input, target)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must be >= 0, got {beta}.")
    return _weighted("smooth_l1_loss", input, target, reduction, beta=beta)


@of_tensors
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d² / 2 for differences |d| <= delta, delta (|d| - delta / 2) for larger ones."""
    _warn_of_broadcasting("huber_loss", input, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be > 0, got {delta}.")
    return _weighted("huber_loss", input, target, reduction, weight, delta=delta)


@of_tensors
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Cross-entropy between sigmoid(input) and the target, of one shape, between 0 and 1.

    weight and pos_weight (how much a positive counts) broadcast to that shape; pos_weight gets no gradient.
    """
    name = "binary_cross_entropy_with_logits"
    refuse_former_names(name, size_average, reduce)
    _same_shape(name, input, target)
    positive: Any = 1.0 if pos_weight is None else pos_weight.array.astype(input.dtype, copy=False)
    return _weighted(name, input, target, reduction, weight, pos_weight=positive)


@of_tensors
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy between probabilities and the target, of one shape. No logarithm counts as less than -100.

    What is no probability is an error. A GPU is not asked, since the host would wait: there such an input gives NaN.
    """
    refuse_former_names("binary_cross_entropy", size_average, reduce)
    _same_shape("binary_cross_entropy", input, target)
    if not _are_shares(input):
        raise ValueError(
            "binary_cross_entropy: the input must be probabilities, 0..1. For logits there is "
            "binary_cross_entropy_with_logits."
        )
    if not _are_shares(target):
        raise ValueError("binary_cross_entropy: the target must lie in 0..1, what share of the example is positive.")
    return _weighted("binary_cross_entropy", input, target, reduction, weight)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target (log target - input), the input a log-probability, and the target too with `log_target`.

    reduction: "batchmean", the sum divided by the length of the first axis, is the divergence in the book's sense.
    """
    refuse_former_names("kl_div", size_average, reduce)
    if reduction == "batchmean":
        return _weighted("kl_div", input, target, "sum", log_target=log_target) / (input.shape[0] if input.ndim else 1)
    return _weighted("kl_div", input, target, reduction, log_target=log_target)


def _weighted(
    name: str,
    input: Tensor,
    target: Tensor,
    reduction: str,
    weight: Tensor | None = None,
    weighted_mean: bool = False,
    **settings: Any,
) -> Tensor:
    """An element-wise loss; with a weight its losses are multiplied before they are reduced."""
    op = _pointwise_losses[name]
    if weight is None:
        return op(input, target, reduction=reduction, **settings)
    losses = op(input, target, reduction="none", **settings) * weight
    if reduction == "none":
        return losses
    if reduction not in loss.REDUCTIONS:
        raise ValueError(f"{name}: reduction must be one of {', '.join(loss.REDUCTIONS)}, got {reduction!r}.")
    return losses.sum() if reduction == "sum" else losses.sum() / weight.sum() if weighted_mean else losses.mean()


def _are_shares(x: Tensor) -> bool:
    array = as_array(x)
    return not is_on_host(array) or ((array >= 0) & (array <= 1)).all()


def refuse_former_names(name: str, size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError(f"{name}: size_average and reduce are former names. Say reduction='mean', 'sum' or 'none'.")


def _shapes(name: str, input: Tensor, target: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    try:
        return input.shape, target.shape
    except AttributeError:
        raise not_tensors(name, input, target) from None


def _warn_of_broadcasting(name: str, input: Tensor, target: Tensor) -> None:
    given, wanted = _shapes(name, input, target)
    if given != wanted:
        warnings.warn(
            f"{name}: the input has shape {given}, the target {wanted}: they are broadcast, which is rarely meant in a "
            "loss. Give them one shape.",
            UserWarning,
            stacklevel=4,
        )


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    given, wanted = _shapes(name, input, target)
    if given != wanted:
        raise ShapeError(f"{name}: input and target must have one shape, got {given} and {wanted}.")
