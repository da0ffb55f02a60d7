"""softmax and its logarithm along an axis: scores become probabilities."""

from __future__ import annotations

from minigrad.backend import Array, array_module
from minigrad.kernels import softmax as kernels


def softmax_forward(x: Array, axis: int | None):
    """y = eˣ / Σ eˣ over `axis` (None for a 0-d x). Shapes: x and y (any).

    The largest x, m, is taken from all of them first: e^-m cancels in the fraction, and nothing overflows.
    """
    if kernels.has_short_rows(x, axis):
        y = kernels.along(axis, kernels.softmax_forward, x)
    else:
        exps = array_module(x).exp(_shifted(x, axis))
        y = exps / exps.sum(axis=axis, keepdims=True)
    return y, (y, axis)


def softmax_backward(dout: Array, cache):
    """dx = y (dout - Σ dout y): each gradient is compared with the mean gradient, weighted by the probabilities.

    With s = Σ eˣ, yᵢ = e^xᵢ / s, and the quotient rule gives dyᵢ/dxⱼ = yᵢ ([i = j] - yⱼ). Then
    dxⱼ = Σᵢ doutᵢ yᵢ ([i = j] - yⱼ) = yⱼ doutⱼ - yⱼ Σᵢ doutᵢ yᵢ.
    """
    y, axis = cache
    if kernels.has_short_rows(y, axis):
        return kernels.along(axis, kernels.softmax_backward, dout, y)
    return y * (dout - (dout * y).sum(axis=axis, keepdims=True))


def log_softmax_forward(x: Array, axis: int | None):
    """y = x - log Σ eˣ over `axis` (None for a 0-d x). Shapes: x and y (any)."""
    if kernels.has_short_rows(x, axis):
        y = kernels.along(axis, kernels.log_softmax_forward, x)
    else:
        y = log_softmax(x, axis)
    return y, (y, axis)


def log_softmax_backward(dout: Array, cache):
    """dx = dout - p Σ dout, with p = eʸ, the softmax.

    yᵢ = xᵢ - log Σ eˣ, and the log's slope in xⱼ is e^xⱼ / Σ eˣ = pⱼ. So dyᵢ/dxⱼ = [i = j] - pⱼ, and
    dxⱼ = doutⱼ - pⱼ Σᵢ doutᵢ.
    """
    y, axis = cache
    if kernels.has_short_rows(y, axis):
        return kernels.along(axis, kernels.log_softmax_backward, dout, y)
    return dout - array_module(y).exp(y) * dout.sum(axis=axis, keepdims=True)


def log_softmax(x: Array, axis: int | None) -> Array:
    """log(eˣ / Σ eˣ) over `axis`, without ever forming eˣ of a large number or the log of a small one.

    Subtracting the maximum m changes nothing, since it cancels in the fraction, and leaves exponents <= 0:
    log softmax(x) = (x - m) - log Σ exp(x - m). The sum holds exp(0) = 1, so its log is finite.
    """
    xp = array_module(x)
    shifted = _shifted(x, axis)
    return shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))


def _shifted(x: Array, axis: int | None) -> Array:
    """x minus its largest element along `axis` (which nothing does not have)."""
    return x - x.max(axis=axis, keepdims=True) if x.size else x
