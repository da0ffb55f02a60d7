"""Interpolation: an image in another size, each new pixel a mix of the old ones beside it.

Along one axis, new pixel h lies somewhere among the old ones, and is a sum of those near it, with weights that do not
depend on x. Put into a matrix, a row for each new pixel and a column for each old one, that is

    out[h] = Σ_p A[h, p] x[p]

For "nearest" a row of A has a single 1. For "bilinear" it has two numbers: where h lies a part t of the way from old
pixel p to the next, 1 - t at p and t at p + 1. An image is mixed downwards with such a matrix A (Ho, H), and across
with another, B (Wo, W):

    out[h, v] = Σ_p,q A[h, p] B[v, q] x[p, q],      out = A x Bᵀ

So out[h, v] depends on x[p, q] with derivative A[h, p] B[v, q], and backward each old pixel collects from all new ones
that it went into. The same weights, but the sum runs over h and v; the same matrices, transposed:

    dx[p, q] = Σ_h,v A[h, p] B[v, q] dout[h, v],    dx = Aᵀ dout B

`interpolate_forward_naive` and `interpolate_backward_naive` say just this. But nearly all of A and B is 0, and the fast
pair leaves the products with 0 out (which would make NaN of infinity, too): for each number of A that is not 0, an old
row, times this number, is added to a new row.
"""

from __future__ import annotations

import numpy as np

from minigrad import memory
from minigrad.backend import Array, DtypeError, ShapeError, array_module, float16, float32
from minigrad.kernels import interpolation as kernels
from minigrad.kernels.kernel import fit_a_kernel
from minigrad.ops.windows import Two, batch_first, batch_last, two

MODES = ("nearest", "bilinear")


def interpolate_forward(
    x: Array,
    size: int | Two,
    mode: str = "nearest",
    align_corners: bool = False,
    scale: tuple[float | None, float | None] = (None, None),
):
    """The images x (N, C, H, W) in another size (Ho, Wo): out (N, C, Ho, Wo), and the cache.

    mode: "nearest" takes the old pixel in which a new one begins, "bilinear" mixes the two beside it, on each axis.
    align_corners: the centres of the corner pixels stay where they are, and not their corners; of "bilinear" only.
    scale: how many times as long as a new pixel an old one is, downwards and across; None: Ho / H and Wo / W.
    """
    down, across = _matrices(x, size, mode, align_corners, scale)
    images = batch_last(_wide(x))
    out = _mix(down, _mix(across, images, 2), 1)
    return batch_first(out).astype(x.dtype, copy=False), (down, across)


def interpolate_backward(dout: Array, cache):
    """dout (N, C, Ho, Wo). Returns dx (N, C, H, W) = Aᵀ dout B: the steps of forward transposed, in reverse order."""
    down, across = cache
    dimages = batch_last(_wide(dout))
    dx = _mix(across.T, _mix(down.T, dimages, 1), 2)
    return batch_first(dx).astype(dout.dtype, copy=False)


def _mix(matrix: np.ndarray, images: Array, axis: int) -> Array:
    """matrix @ images (C, H, W, N) along an axis, without the products with 0."""
    if fit_a_kernel(images):
        return kernels.mix(matrix, images, axis)
    xp, shape = array_module(images), (*images.shape[:axis], len(matrix), *images.shape[axis + 1 :])
    out = memory.zeros(shape, images.dtype, xp)
    old, new = xp.moveaxis(images, axis, 0), xp.moveaxis(out, axis, 0)
    for h, p in zip(*matrix.nonzero(), strict=True):
        new[h] += float(matrix[h, p]) * old[p]
    return out


def _matrices(
    x: Array, size: int | Two, mode: str, align_corners: bool, scale: tuple[float | None, float | None]
) -> list[np.ndarray]:
    """A (Ho, H) and B (Wo, W), NumPy's."""
    if x.ndim != 4 or 0 in x.shape[2:]:
        raise ShapeError(f"interpolate: x must be (N, C, H, W) and have pixels, got x.shape = {x.shape}.")
    if x.dtype.kind != "f":
        raise DtypeError(f"interpolate: expected floating-point images, got {x.dtype}. Convert them first: x.float().")
    if mode not in MODES:
        raise ValueError(f"interpolate: mode must be nearest or bilinear, got {mode!r}.")
    sizes = two(size, "interpolate", "size", 1)
    return [_weights(*axis, mode, align_corners) for axis in zip(sizes, x.shape[2:], scale, strict=True)]


def _weights(size: int, length: int, scale: float | None, mode: str, align_corners: bool) -> np.ndarray:
    """The matrix (size, length) of one axis.

    Old pixel p reaches from p to p + 1, and a new one is `ratio` old ones long. "nearest" goes by where it begins,
    "bilinear" by centres: that of new pixel h lies `ratio` (h + 1/2) along the axis, that of old pixel 0 at 1/2.
    """
    ratio = length / size if scale is None else 1 / scale
    new, matrix = np.arange(size), np.zeros((size, length))
    if mode == "nearest":
        # As in PyTorch: these two sizes whatever the scale, and in float32, as rounding decides at an old pixel's edge.
        ratio = length / size if size in (length, 2 * length) else ratio
        begin = np.floor(new.astype(np.float32) * np.float32(ratio)).astype(int)
        matrix[new, np.minimum(begin, length - 1)] = 1
        return matrix
    if align_corners:
        places = new * ((length - 1) / max(size - 1, 1))
    else:
        places = np.maximum((new + 0.5) * ratio - 0.5, 0)
    near = np.minimum(places.astype(int), length - 1)
    part = places - near
    matrix[new, near] += 1 - part
    matrix[new, np.minimum(near + 1, length - 1)] += part  # behind the last pixel there is only itself
    return matrix


def _wide(x: Array) -> Array:
    """float16 is added up in float32: a sum may have many terms, backward."""
    return x.astype(float32) if x.dtype == float16 else x


# -- on the blackboard -------------------------------------------------------------------------------------------------


def interpolate_forward_naive(
    x: Array,
    size: int | Two,
    mode: str = "nearest",
    align_corners: bool = False,
    scale: tuple[float | None, float | None] = (None, None),
):
    """`interpolate_forward`, as products of matrices."""
    down, across = _matrices(x, size, mode, align_corners, scale)
    return (down @ x @ across.T).astype(x.dtype), (down, across)


def interpolate_backward_naive(dout: Array, cache):
    """`interpolate_backward`, likewise."""
    down, across = cache
    return (down.T @ dout @ across).astype(dout.dtype)
