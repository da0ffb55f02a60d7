"""Rows of a table, borders, directions: embedding, one_hot, pad, normalize, cosine_similarity."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np

from minigrad.backend import Array, DtypeError, ShapeError, array_module, is_array, to_device
from minigrad.bounds import all_within
from minigrad.functions.shape import broadcast_tensors
from minigrad.functions.table import Dim, axes_of, wrap
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import embedding as _embedding_ops
from minigrad.ops import pad as _pad_ops
from minigrad.tensor import Tensor

_embedding = differentiable(_embedding_ops.embedding_forward, _embedding_ops.embedding_backward)
_pad = differentiable(_pad_ops.pad_forward, _pad_ops.pad_backward)


@of_tensors
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
    if not (isinstance(input, Tensor) or is_array(input)):
        raise TypeError(f"embedding: expected a tensor of indices, got {type(input).__name__}.")
    if max_norm is not None or scale_grad_by_freq:
        raise NotImplementedError("embedding: max_norm and scale_grad_by_freq are not supported.")
    if padding_idx is not None and not -len(weight) <= padding_idx < len(weight):
        raise IndexError(f"embedding: padding_idx must be one of {len(weight)} rows, got {padding_idx}.")
    return _embedding(input, weight, padding_idx=padding_idx)


@of_tensors
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 rows with a 1 at each index: shape tensor.shape + (num_classes,), the largest index + 1 if not given."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"one_hot: expected a tensor of indices, got {type(tensor).__name__}.")
    indices = tensor.array
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: indices must be integers, got {indices.dtype}.")
    if indices.size == 0 and num_classes <= 0:
        raise ValueError("one_hot: without an index, num_classes must be given.")
    classes = int(indices.max()) + 1 if num_classes == -1 else num_classes
    if not all_within(indices, classes):
        lowest, highest = int(indices.min()), int(indices.max())
        raise IndexError(f"one_hot: indices must lie in 0..{classes - 1}, got {lowest}..{highest}.")
    xp = array_module(indices)
    return Tensor((indices[..., None] == xp.arange(classes)).astype(np.int64))


@of_tensors
def normalize(input: Tensor, p: float = 2.0, dim: Dim = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm along `dim`, or by eps where that is larger."""
    axes_of(dim, input, "normalize")
    return input / input.norm(p, dim, True).clamp(min=eps)


@of_tensors
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Σ x1 x2 / (|x1| |x2|) along `dim`, each norm at least eps. x1 and x2 broadcast, before the norms are taken."""
    try:
        x1, x2 = broadcast_tensors(x1, x2)
    except ShapeError:
        raise ShapeError(f"cosine_similarity: x1 and x2 must broadcast, got {x1.shape} and {x2.shape}.") from None
    dim = wrap(dim, x1.ndim, "cosine_similarity")
    first, second = (x.norm(2, dim, True).clamp(min=eps) for x in (x1, x2))
    return (x1 / first * (x2 / second)).sum(dim)


@of_tensors
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """More elements (or, for negative numbers, fewer) at both ends of the last axes.

    pad: (before, after) of the last axis, then of the one before it, and so on.
    mode: "constant" adds `value`; "reflect" mirrors, without repeating the edge; "replicate" repeats the edge;
        "circular" goes on at the other end, of what negative numbers leave.
    """
    try:
        pad = [operator.index(n) for n in pad]
    except TypeError:
        raise TypeError(f"pad: expected ints, (before, after) for each of the last axes, got {pad!r}.") from None
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ShapeError(f"pad: expected (before, after) for at most {input.ndim} axes, got {tuple(pad)}.")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ValueError(f"pad: mode must be constant, reflect, replicate or circular, got {mode!r}.")
    if mode != "constant" and value is not None:
        raise ValueError(f"pad: {mode} adds the tensor's own elements, not value={value}.")
    widths = [(0, 0)] * input.ndim
    for i in range(len(pad) // 2):
        widths[-1 - i] = (pad[2 * i], pad[2 * i + 1])
    for n, (before, after) in zip(input.shape, widths, strict=True):
        left_over = n + min(before, 0) + min(after, 0)
        anything = math.inf if n else 0
        most = {"constant": math.inf, "replicate": anything, "reflect": max(n - 1, 0), "circular": left_over}[mode]
        if left_over < 0 or max(before, after) > most:
            raise ShapeError(f"pad: {mode} cannot add {(before, after)} to an axis of {n} (shape {input.shape}).")
    if mode == "constant":
        crop = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(input.shape, widths, strict=True))
        cut = input[crop] if min(pad, default=0) < 0 else input
        return _pad(cut, widths=tuple((max(b, 0), max(a, 0)) for b, a in widths), value=value or 0)
    padded = input
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = _places(input.shape[axis], before, after, mode)
            padded = padded[(slice(None),) * axis + (to_device(places, input.device),)]
    return input.clone() if padded is input else padded


def _places(n: int, before: int, after: int, mode: str) -> Array:
    """Which of an axis's n elements stand where, from `before` in front to `after` behind."""
    if mode == "circular":
        kept = np.arange(max(-before, 0), n + min(after, 0))
        return np.concatenate([kept[len(kept) - max(before, 0) :], kept, kept[: max(after, 0)]])
    places = np.arange(-before, n + after)
    if mode == "replicate":
        return places.clip(0, n - 1)
    return n - 1 - abs(n - 1 - abs(places))
