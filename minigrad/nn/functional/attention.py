"""Attention: each query looks at all keys, and takes the mean of the values, weighted by how well their keys match."""

from __future__ import annotations

import math

import numpy as np

from minigrad.backend import DtypeError, ShapeError, is_float
from minigrad.creation import ones
from minigrad.functions.pieces import repeat_interleave
from minigrad.functions.softmax import softmax
from minigrad.lift import of_tensors
from minigrad.nn.functional.dropout import dropout
from minigrad.tensor import Tensor

NAME = "scaled_dot_product_attention"


@of_tensors
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale * query @ keyᵀ) @ value (Vaswani et al., 2017). What a query must not see has weight 0.

    Shapes: query (*, L, E), key (*, S, E), value (*, S, Ev), result (*, L, Ev).

    attn_mask: broadcasts to (*, L, S). If bool, True lets a query see a key; if float, it is added to the scores. A
        query that sees no key gets 0.
    dropout_p: the probability with which a weight is set to 0. It is not turned off in evaluation: pass 0 there.
    is_causal: query i sees the keys 0..i alone.
    scale: 1 / √E if not given; then scores of independent numbers have variance 1, whatever E is.
    enable_gqa: with fewer heads (*, heads, S, E) in key and value than in query, several queries' heads share one.
    """
    _check(query, key, value)
    if enable_gqa:
        key, value = (_shared(heads, query) for heads in (key, value))
    return dropout(attention_weights(query, key, attn_mask, is_causal, scale), dropout_p) @ value


def attention_weights(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """How much each query (*, L, E) looks at each key (*, S, E): softmax(scale * query @ keyᵀ), of shape (*, L, S)."""
    if is_causal and attn_mask is not None:
        raise ValueError(f"{NAME}: is_causal is a mask; with attn_mask, put both into one.")
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale)
    if is_causal:
        later = ones(scores.shape[-2:], dtype=bool, device=scores.device).triu(1)
        return softmax(scores.masked_fill(later, -math.inf), -1)
    if attn_mask is not None:
        return _masked_softmax(scores, attn_mask)
    return softmax(scores, -1)


def _masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    if not _broadcasts_to(scores.shape, mask.shape):
        raise ShapeError(f"{NAME}: attn_mask must broadcast to the scores {scores.shape}, got {mask.shape}.")
    if mask.dtype == bool:
        scores = scores.masked_fill(mask.logical_not(), -math.inf)
    elif is_float(mask.dtype):
        scores = scores + mask.to(scores.dtype)
    else:
        raise DtypeError(f"{NAME}: attn_mask must be bool, or float to be added to the scores, got {mask.dtype}.")
    sees_none = scores.detach().eq(-math.inf).all(-1, keepdim=True)  # its softmax would be 0 / 0
    return softmax(scores.masked_fill(sees_none, 0.0), -1).masked_fill(sees_none, 0.0)


def _shared(heads: Tensor, query: Tensor) -> Tensor:
    """Each head of a key or value as often as heads of the query use it."""
    if heads.ndim < 3 or query.ndim < 3 or not heads.shape[-3] or query.shape[-3] % heads.shape[-3]:
        raise ShapeError(
            f"{NAME}: enable_gqa needs (*, heads, L, E), with a number of query's heads that is a multiple of key's "
            f"and value's, got query {query.shape} for {heads.shape}."
        )
    return repeat_interleave(heads, query.shape[-3] // heads.shape[-3], -3)


def _check(query: Tensor, key: Tensor, value: Tensor) -> None:
    if not (query.dtype == key.dtype == value.dtype and is_float(query.dtype)):
        raise DtypeError(
            f"{NAME}: query, key and value must be of one floating-point dtype, got {query.dtype}, {key.dtype} and "
            f"{value.dtype}."
        )
    fits = min(query.ndim, key.ndim, value.ndim) >= 2
    if not fits or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"{NAME}: expected query (*, L, E), key (*, S, E) and value (*, S, Ev), got {query.shape}, {key.shape} and "
            f"{value.shape}."
        )


def _broadcasts_to(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, other) == shape
    except ValueError:
        return False
