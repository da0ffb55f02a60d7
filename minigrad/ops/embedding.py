"""Looking up rows of a table by their numbers."""

from __future__ import annotations

from minigrad.backend import Array, DtypeError, ShapeError
from minigrad.bounds import all_within
from minigrad.ops.indexing import added_at


def embedding_forward(indices: Array, weight: Array, padding_idx: int | None = None):
    """out[i, ...] = weight[indices[i, ...]]. indices: integers of any shape; weight (V, D); out (*indices.shape, D)."""
    name = "embedding"
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{name}: indices must be integers, got {indices.dtype}.")
    if weight.ndim != 2:
        raise ShapeError(f"{name}: weight must be (number of rows, row length), got {weight.shape}.")
    if not all_within(indices, len(weight)):
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise IndexError(f"{name}: indices must lie in 0..{len(weight) - 1} for {weight.shape}, got {int(wrong)}.")
    return weight[indices], (indices, weight.shape, padding_idx)


def embedding_backward(dout: Array, cache):
    """A row of the table is the sum of what came back from all places where it was looked up.

    out[i] = weight[indices[i]], so ∂out[i]/∂weight[v] is the identity where indices[i] = v and 0 elsewhere:
    dweight[v] = Σ over the i with indices[i] = v of dout[i]. The row `padding_idx` is not learned.
    """
    indices, shape, padding_idx = cache
    dweight = added_at(shape, indices, dout)
    if padding_idx is not None:
        dweight[padding_idx] = 0
    return None, dweight
