"""Layers as functions (`import minigrad.nn.functional as F`): lifted pairs, with PyTorch's arguments."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import random as _random
from minigrad.backend import Array, DtypeError, ShapeError, array_module, is_float, to_device
from minigrad.functions import elementwise as _elementwise
from minigrad.lift import differentiable
from minigrad.ops import dropout as _dropout_ops
from minigrad.ops import embedding as _embedding_ops
from minigrad.ops import linear as _linear
from minigrad.ops import loss as _loss
from minigrad.ops import pad as _pad_ops
from minigrad.ops import pointwise_loss as _pointwise
from minigrad.tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "embedding",
    "fc",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "linear",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "relu",
    "smooth_l1_loss",
]

fc = differentiable(_linear.fc_forward, _linear.fc_backward)
_linear_op = differentiable(_linear.linear_forward, _linear.linear_backward)
_cross_entropy = differentiable(_loss.cross_entropy_forward, _loss.cross_entropy_backward)
_nll_loss = differentiable(_loss.nll_loss_forward, _loss.nll_loss_backward)
_pointwise_losses = {
    name: differentiable(*_pointwise.pair(name), name=name, broadcasts=True) for name in _pointwise.TABLE
}
_embedding = differentiable(_embedding_ops.embedding_forward, _embedding_ops.embedding_backward)
_dropout = differentiable(_dropout_ops.dropout_forward, _dropout_ops.dropout_backward)
_pad = differentiable(_pad_ops.pad_forward, _pad_ops.pad_backward)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), element by element. `inplace` is accepted, but the result is always a new tensor."""
    return _elementwise.relu(input)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias. Shapes: input (*, in), weight (out, in), bias (out,), result (*, out)."""
    return _linear_op(input, weight, bias)


# -- losses ------------------------------------------------------------------------------------------------------------
# size_average and reduce are PyTorch's former names for `reduction`; they are refused.


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
    _refuse_former_names("cross_entropy", size_average, reduce)
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
    _refuse_former_names("nll_loss", size_average, reduce)
    return _nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)². With a weight the mean is divided by the sum of the weights."""
    _refuse_former_names("mse_loss", size_average, reduce)
    _warn_of_broadcasting("mse_loss", input, target)
    return _weighted("mse_loss", input, target, reduction, weight, weighted_mean=True)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|. With a weight the mean is divided by the sum of the weights."""
    _refuse_former_names("l1_loss", size_average, reduce)
    _warn_of_broadcasting("l1_loss", input, target)
    return _weighted("l1_loss", input, target, reduction, weight, weighted_mean=True)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """d² / (2 beta) for differences |d| < beta, |d| - beta / 2 for larger ones."""
    _refuse_former_names("smooth_l1_loss", size_average, reduce)
    _warn_of_broadcasting("smooth_l1_loss", input, target)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta must be >= 0, got {beta}.")
    return _weighted("smooth_l1_loss", input, target, reduction, beta=beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d² / 2 for differences |d| <= delta, delta (|d| - delta / 2) for larger ones."""
    _warn_of_broadcasting("huber_loss", input, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be > 0, got {delta}.")
    return _weighted("huber_loss", input, target, reduction, weight, delta=delta)


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
    _refuse_former_names(name, size_average, reduce)
    _same_shape(name, input, target)
    positive: Any = 1.0 if pos_weight is None else pos_weight.array.astype(input.dtype, copy=False)
    return _weighted(name, input, target, reduction, weight, pos_weight=positive)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy between probabilities and the target, of one shape. No logarithm counts as less than -100."""
    _refuse_former_names("binary_cross_entropy", size_average, reduce)
    _same_shape("binary_cross_entropy", input, target)
    if not ((input.array >= 0) & (input.array <= 1)).all():
        raise ValueError(
            "binary_cross_entropy: the input must be probabilities, 0..1. For logits there is "
            "binary_cross_entropy_with_logits."
        )
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
    _refuse_former_names("kl_div", size_average, reduce)
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
    if reduction not in _loss.REDUCTIONS:
        raise ValueError(f"{name}: reduction must be one of {', '.join(_loss.REDUCTIONS)}, got {reduction!r}.")
    return losses.sum() if reduction == "sum" else losses.sum() / weight.sum() if weighted_mean else losses.mean()


def _refuse_former_names(name: str, size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError(f"{name}: size_average and reduce are former names. Say reduction='mean', 'sum' or 'none'.")


def _warn_of_broadcasting(name: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"{name}: the input has shape {tuple(input.shape)}, the target {tuple(target.shape)}: they are broadcast, "
            "which is rarely meant in a loss. Give them one shape.",
            UserWarning,
            stacklevel=3,
        )


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        raise ShapeError(f"{name}: input and target must have one shape, got {input.shape} and {target.shape}.")


# -- rows, borders, directions -----------------------------------------------------------------------------------------


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows `input` (integers of any shape) of weight (V, D): a tensor input.shape + (D,).

    padding_idx: a row that gets no gradient. sparse makes no difference here. max_norm and scale_grad_by_freq are not
    supported.
    """
    if max_norm is not None or scale_grad_by_freq:
        raise NotImplementedError("embedding: max_norm and scale_grad_by_freq are not supported.")
    if padding_idx is not None and not -len(weight) <= padding_idx < len(weight):
        raise IndexError(f"embedding: padding_idx must be one of {len(weight)} rows, got {padding_idx}.")
    return _embedding(input, weight, padding_idx=padding_idx)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 rows with a 1 at each index: shape tensor.shape + (num_classes,), the largest index + 1 if not given."""
    indices = tensor.array
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: indices must be integers, got {indices.dtype}.")
    if indices.size == 0 and num_classes <= 0:
        raise ValueError("one_hot: without an index, num_classes must be given.")
    highest = int(indices.max()) if indices.size else -1
    classes = highest + 1 if num_classes == -1 else num_classes
    if classes <= highest or (indices.size and indices.min() < 0):
        raise IndexError(f"one_hot: indices must lie in 0..{classes - 1}, got {int(indices.min())}..{highest}.")
    xp = array_module(indices)
    return Tensor((indices[..., None] == xp.arange(classes)).astype(np.int64))


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm along `dim`, or by eps where that is larger."""
    return input / input.norm(p, dim, True).clamp(min=eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Σ x1 x2 / (|x1| |x2|) along `dim`, each norm at least eps."""
    first, second = (x.norm(2, dim, True).clamp(min=eps) for x in (x1, x2))
    return (x1 / first * (x2 / second)).sum(dim)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """More elements (or, for negative numbers, fewer) at both ends of the last axes.

    pad: (before, after) of the last axis, then of the one before it, and so on.
    mode: "constant" adds `value`; "reflect" mirrors, without repeating the edge; "replicate" repeats the edge;
        "circular" goes on at the other end.
    """
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ShapeError(f"pad: expected (before, after) for at most {input.ndim} axes, got {tuple(pad)}.")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ValueError(f"pad: mode must be constant, reflect, replicate or circular, got {mode!r}.")
    if mode != "constant" and value is not None:
        raise ValueError(f"pad: {mode} adds the tensor's own elements, not value={value}.")
    widths = [(0, 0)] * input.ndim
    for i in range(len(pad) // 2):
        widths[-1 - i] = (int(pad[2 * i]), int(pad[2 * i + 1]))
    for n, (before, after) in zip(input.shape, widths, strict=True):
        most = {"reflect": n - 1, "circular": n}.get(mode, before + after if mode == "constant" or n else -1)
        if n + before + after < 0 or (mode != "constant" and max(before, after, 0) > max(most, 0)
                                      and mode != "replicate"):  # fmt: skip
            raise ShapeError(f"pad: {mode} cannot add {(before, after)} to an axis of {n} (shape {input.shape}).")
    if mode == "constant":
        crop = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(input.shape, widths, strict=True))
        cut = input[crop] if min(pad, default=0) < 0 else input
        return _pad(cut, widths=tuple((max(b, 0), max(a, 0)) for b, a in widths), value=value or 0)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = _places(input.shape[axis], before, after, mode)
            input = input[(slice(None),) * axis + (to_device(places, input.device),)]
    return input


def _places(n: int, before: int, after: int, mode: str) -> Array:
    """Which of an axis's n elements stand where, from `before` in front to `after` behind."""
    places = np.arange(-before, n + after)
    if mode == "circular":
        return places % n
    if mode == "replicate":
        return places.clip(0, n - 1)
    return n - 1 - abs(n - 1 - abs(places))


# -- dropout -----------------------------------------------------------------------------------------------------------


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element is set to 0 with probability p, and the others are divided by 1 - p, while training.

    `inplace` is accepted, but the result is always a new tensor.
    """
    return _drop("dropout", input, input.shape, p, training)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels: input (N, C, H, W), or (C, H, W), where all places of a channel fall together."""
    if input.ndim not in (3, 4):
        raise ShapeError(f"dropout2d: expected (N, C, H, W) or (C, H, W), got {input.shape}.")
    return _drop("dropout2d", input, input.shape[:-2] + (1, 1), p, training)


def _drop(name: str, input: Tensor, shape: tuple[int, ...], p: float, training: bool) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is a probability, 0..1, got {p}.")
    if not is_float(input.dtype):
        raise DtypeError(f"{name}: expected a floating-point tensor, got {input.dtype}.")
    if not training or p == 0:
        return input
    kept = _random.generator().random(shape, np.float32) >= p
    mask = kept.astype(input.dtype) * (1 / (1 - p) if p < 1 else 0)
    return _dropout(input, to_device(mask, input.device))
