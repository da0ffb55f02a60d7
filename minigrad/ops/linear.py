"""Products of matrices: the fully-connected layer `fc`, its PyTorch-shaped face `linear`, and `matmul`.

One derivation serves all three. For out = x @ w with out[n, m] = Σ_d x[n, d] w[d, m]:

- x[n, d] is used in row n of out, once per column m, each time with the factor w[d, m]. So
  dx[n, d] = Σ_m dout[n, m] w[d, m], which is dout @ wᵀ.
- w[d, m] is used in column m of out, once per row n, each time with the factor x[n, d]. So
  dw[d, m] = Σ_n x[n, d] dout[n, m], which is xᵀ @ dout.

The shapes alone say the same: no other product of dout with the other factor fits.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad import memory
from minigrad.backend import Array, Number, ShapeError, array_module
from minigrad.threads import in_company, share

ALL = (True, True, True)
ONE_THREAD_ANYWAY = 2**18  # multiplications, up to which BLAS uses one thread


def fc_forward(x: Array, w: Array, b: Array | None):
    """Fully-connected layer: out = x @ w + b, each example flattened to a row.

    x: (N, d_1, ..., d_k). w: (D, M), D = d_1 * ... * d_k. b: (M,), or None for no bias.
    Returns out (N, M) and the cache (x, w, b).
    """
    rows = _as_rows(x, w, b)
    out = product(rows, w)
    return out if b is None else out + b, (x, w, b)


def fc_backward(dout: Array, cache, needs=ALL):
    """Gradients of the fully-connected layer.

    dout: (N, M). Returns dx (N, d_1, ..., d_k), dw (D, M), db (M,).

    dx and dw are the two products derived above. b[m] is added to every row of column m with derivative 1, so
    db[m] = Σ_n dout[n, m].
    """
    x, w, b = cache
    xp = array_module(dout)
    rows = x.reshape(len(x), w.shape[0])
    # Written in the memory order of x and of w: what comes next, such as an optimiser, goes through both side by side.
    dx = dw = None
    if needs[0]:
        dx = product(dout, w.T, memory.empty_like(rows, xp.result_type(dout, w), xp)).reshape(x.shape)
    if needs[1]:
        dw = product(rows.T, dout, memory.empty_like(w, xp.result_type(x, dout), xp))
    db = dout.sum(axis=0) if needs[2] and b is not None else None
    return dx, dw, db


def product(x: Array, y: Array, out: Array | None = None) -> Array:
    """x @ y for two matrices, into `out` if given. For who does a large one, BLAS or our threads, see `threads`."""
    xp, (rows, inner), columns = array_module(x), x.shape, y.shape[1]
    operations = rows * inner * columns
    if inner == 1:  # a column times a row: nothing is added up, and NumPy's matmul takes four times as long
        return xp.multiply(x, y, out=out)
    if xp is not np and out is not None and not out.flags.c_contiguous:
        xp.matmul(y.T, x.T, out=out.T)  # (x y)ᵀ = yᵀ xᵀ: into columns CuPy would copy its result
        return out
    if operations < ONE_THREAD_ANYWAY or xp is not np or not in_company():
        return xp.matmul(x, y, out=out)
    if out is None:
        out = xp.empty((rows, columns), xp.result_type(x, y))

    def of_rows(mine: range) -> None:
        np.matmul(x[mine.start : mine.stop], y, out=out[mine.start : mine.stop])

    def of_columns(mine: range) -> None:
        np.matmul(x, y[:, mine.start : mine.stop], out=out[:, mine.start : mine.stop])

    share(*((of_rows, rows) if rows >= columns else (of_columns, columns)), operations, products=True)
    return out


def _as_rows(x: Array, w: Array, b: Array | None) -> Array:
    if w.ndim != 2:
        raise ShapeError(f"fc: w must be (D, M), got w.shape = {w.shape}.")
    features = math.prod(x.shape[1:])
    if x.ndim == 0 or features != w.shape[0]:
        raise ShapeError(
            f"fc: each example of x must have {w.shape[0]} features (w.shape = {w.shape}), "
            f"got {features} (x.shape = {x.shape})."
        )
    if b is not None and b.shape != w.shape[1:]:
        raise ShapeError(f"fc: b must be ({w.shape[1]},) for w.shape = {w.shape}, got b.shape = {b.shape}.")
    return x.reshape(len(x), features)


def linear_forward(x: Array, weight: Array, bias: Array | None):
    """PyTorch's face of `fc`: features on the last axis, any axes before it, and the weight as (out, in).

    x: (*, D). weight: (M, D). bias: (M,) or None. Returns out (*, M).
    """
    if weight.ndim != 2 or x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            "linear: the last axis of x must have as many features as the weight (out, in) takes in, "
            f"got x.shape = {x.shape} and weight.shape = {weight.shape}."
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"linear: bias must be ({weight.shape[0]},), got bias.shape = {bias.shape}.")
    out, fc_cache = fc_forward(_fold(x), weight.T, bias)
    return out.reshape(*x.shape[:-1], len(weight)), (fc_cache, x.shape)


def linear_backward(dout: Array, cache, needs=ALL):
    """The gradients of `fc`, with the axes folded and the weight transposed back."""
    fc_cache, x_shape = cache
    dx, dw, db = fc_backward(_fold(dout), fc_cache, needs)
    return None if dx is None else dx.reshape(x_shape), None if dw is None else dw.T, db


def _fold(x: Array) -> Array:
    """(*, D) -> (N, D): all axes but the last become one."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def matmul_forward(x: Array, y: Array):
    """out = x @ y with NumPy's and PyTorch's rules.

    Two vectors give their inner product; a vector beside a matrix is a row on the left and a column on the right;
    axes before the last two are a batch, and broadcast.
    """
    left, right = () if isinstance(x, Number) else x.shape, () if isinstance(y, Number) else y.shape
    if not left or not right:
        raise ShapeError(
            "matmul: expected vectors, matrices or batches of them (a number multiplies with *), "
            f"got x.shape = {left} and y.shape = {right}."
        )
    if left[-1] != right[-2:][0]:
        raise ShapeError(
            "matmul: the last axis of x must match the last but one of y (or y's only axis), "
            f"got x.shape = {left} and y.shape = {right}."
        )
    if any(n != m and 1 not in (n, m) for n, m in zip(left[-3::-1], right[-3::-1], strict=False)):
        raise ShapeError(
            "matmul: the axes before the last two are a batch and must be equal or broadcast, "
            f"got x.shape = {left} and y.shape = {right}."
        )
    return _matmul(x, y), (x, y)


def matmul_backward(dout: Array, cache, needs=(True, True)):
    """dx = dout @ yᵀ and dy = xᵀ @ dout, over the last two axes. (Broadcast batch axes are summed by the lift.)

    A vector is given the axis that the product gave it, dout gets the one that the product dropped, and the gradient
    loses it again at the end.
    """
    x, y = cache
    x_row, y_column = x.ndim == 1, y.ndim == 1
    xp = array_module(dout)
    if x_row:
        x, dout = x[None, :], xp.expand_dims(dout, dout.ndim if y_column else -2)
    if y_column:
        y, dout = y[:, None], xp.expand_dims(dout, -1)
    dx = _matmul(dout, y.swapaxes(-1, -2)) if needs[0] else None
    dy = _matmul(x.swapaxes(-1, -2), dout) if needs[1] else None
    if x_row and dx is not None:
        dx = dx[..., 0, :]
    if y_column and dy is not None:
        dy = dy[..., 0]
    return dx, dy


def _matmul(x: Array, y: Array) -> Array:
    return product(x, y) if x.ndim == y.ndim == 2 else x @ y
