"""Normalization: numbers that belong together get mean 0 and variance 1, and then a learned scale and shift.

`batch_norm` takes together what one channel holds, in all examples and at all places; `layer_norm` takes together the
last axes of one example. Both are the same calculation along the rows of a matrix: the rows are the channels of one,
the examples of the other. The derivation stands in `batch_norm_backward`.

The spread is measured around the mean, Σ (x - m)² / n. The shortcut Σ x² / n - m² subtracts two large numbers, and
where the mean is a thousand times the spread float32 has nothing left of it. float16 is calculated in float32.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.backend import Array, DtypeError, ShapeError, array_module, float16, float32, is_float, is_on_host
from minigrad.kernels import normalization as kernels

ALL = (True, True, True)
BLOCK = 1024  # numbers that BLAS adds one by one


# -- over a batch, while training --------------------------------------------------------------------------------------


def batch_norm_forward(x: Array, weight: Array | None, bias: Array | None, eps: float = 1e-5):
    """out = weight x̂ + bias, where x̂ = (x - m) / √(v + eps), with the mean m and the variance v of each channel.

    x: (N, C), or (N, C, d_1, ..., d_k): a channel's n numbers are those of all examples and places. weight, bias: (C,),
    or None for 1 and 0. m = Σ x / n, and v = Σ (x - m)² / n, the biased one.
    Returns ((out, m, v), cache), out of x's shape, m and v (C,). What is kept of them is the layer's business.
    """
    if not eps > 0:
        raise ValueError(f"batch_norm: eps must be positive, got {eps}.")
    check_channels("batch_norm", x, weight=weight, bias=bias)
    rows = _channels(x)
    mean, var, std, out = _normalized(rows, _column(weight, rows), _column(bias, rows), eps)
    return (_images(out, x.shape, x.dtype), mean[:, 0], var[:, 0]), (rows, mean, std, weight, bias, x.shape, x.dtype)


def batch_norm_backward(douts: tuple[Array | None, Array | None, Array | None], cache, needs=ALL):
    """The gradients of x, weight and bias.

    douts: the gradients of (out, m, v), None for one that has none: as a rule (dout, None, None).

    Of one channel, with s = √(v + eps) and x̂ = (x - m) / s:

    - bias is added to all n outputs: dbias = Σ dout. weight is multiplied by x̂: dweight = Σ dout x̂.
    - g = dout weight arrives at x̂, and goes on to x by three roads:
      straight, where the slope is 1 / s. This brings g / s.
      By v: x̂ has the slope -(x - m) / (2 s³) in v, so dv = -Σ g (x - m) / (2 s³) = -Σ g x̂ / (2 s²); and v has the
      slope 2 (x - m) / n = 2 s x̂ / n in x. This brings -x̂ mean(g x̂) / s.
      By m: x̂ has the slope -1 / s in m, so dm = -Σ g / s; and m has the slope 1 / n in x. This brings -mean(g) / s.
      (m moves v too, but with the slope -2/n Σ (x - m) = 0.)
    - Together dx = (g - mean(g) - x̂ mean(g x̂)) / s. To move all x alike, or to stretch them, changes no x̂; so the
      gradient has no part along either.
    - Gradients of the outputs m and v take the same roads to x: dm / n and dv 2 (x - m) / n.
    """
    rows, mean, std, weight, bias, shape, dtype = cache
    of_out, dmean, dvar = douts
    dout = array_module(rows).zeros_like(rows) if of_out is None else _channels(of_out)
    n = max(1, rows.shape[1])
    sums, products, dx = _by_three_roads(dout, rows, mean, std, _column(weight, rows), needs[0])
    if needs[0]:
        if dmean is not None:
            dx += dmean[:, None] / n
        if dvar is not None:
            dx += (rows - mean) * (dvar[:, None] * 2 / n)
        dx = _images(dx, shape, dtype)
    return dx, _summed(products / std, weight), _summed(sums, bias)


def batch_norm_forward_naive(x: Array, weight: Array, bias: Array, eps: float = 1e-5):
    """`batch_norm_forward`, one channel and one element at a time."""
    xp = array_module(x)
    out, mean, var = xp.empty_like(x), xp.zeros_like(weight), xp.zeros_like(weight)
    for c in range(x.shape[1]):
        places = _places(x, c)
        for place in places:
            mean[c] += x[place] / len(places)
        for place in places:
            var[c] += (x[place] - mean[c]) ** 2 / len(places)
        for place in places:
            out[place] = weight[c] * (x[place] - mean[c]) / math.sqrt(var[c] + eps) + bias[c]
    return (out, mean, var), (x, mean, var, weight, eps)


def batch_norm_backward_naive(douts: tuple[Array, Array | None, Array | None], cache):
    """The three roads of `batch_norm_backward`, walked one by one."""
    x, mean, var, weight, eps = cache
    dout, dmean, dvar = douts
    xp = array_module(x)
    dx, dweight, dbias = xp.empty_like(x), xp.zeros_like(weight), xp.zeros_like(weight)
    for c in range(x.shape[1]):
        places = _places(x, c)
        std = math.sqrt(var[c] + eps)
        dm = 0 if dmean is None else dmean[c]
        dv = 0 if dvar is None else dvar[c]
        for place in places:
            g, centred = dout[place] * weight[c], x[place] - mean[c]
            dm -= g / std
            dv -= g * centred / (2 * std**3)
            dweight[c] += dout[place] * centred / std
            dbias[c] += dout[place]
        for place in places:
            g, centred = dout[place] * weight[c], x[place] - mean[c]
            dx[place] = g / std + dv * 2 * centred / len(places) + dm / len(places)
    return dx, dweight, dbias


# -- over a batch, with known statistics -------------------------------------------------------------------------------


def batch_norm_eval_forward(
    x: Array, mean: Array, var: Array, weight: Array | None, bias: Array | None, eps: float = 1e-5
):
    """out = weight (x - mean) / √(var + eps) + bias, with a mean and a variance that are given.

    Shapes: x and out (N, C) or (N, C, d_1, ..., d_k), all others (C,); weight and bias may be None.
    """
    check_channels("batch_norm_eval", x, mean=mean, var=var, weight=weight, bias=bias)
    rows = _channels(x)
    mean = _column(mean.astype(rows.dtype), rows)  # a copy: they go on changing, in the layer's memory
    std = array_module(x).sqrt(_column(var, rows) + eps)
    out = _standardized(rows, mean, std, _column(weight, rows), _column(bias, rows))
    return _images(out, x.shape, x.dtype), (rows, mean, std, weight, bias, x.shape, x.dtype)


def batch_norm_eval_backward(dout: Array, cache, needs=(True, False, False, True, True)):
    """dx = dout weight / √(var + eps). mean and var are constants, and get no gradient.

    Moving one x moves no mean and no variance now: of the three roads of `batch_norm_backward` the straight one is
    left, and no element has a say in another's gradient. dweight = Σ dout x̂ and dbias = Σ dout as there.
    """
    rows, mean, std, weight, bias, shape, dtype = cache
    dout = _channels(dout)
    dx = _images(dout * _scale(_column(weight, rows), std), shape, dtype) if needs[0] else None
    dweight = dbias = None
    if needs[3] or needs[4]:
        sums, products, _ = _by_three_roads(dout, rows, mean, std, None, False)
        dweight, dbias = _summed(products / std, weight), _summed(sums, bias)
    return dx, None, None, dweight, dbias


def batch_norm_eval_forward_naive(x: Array, mean: Array, var: Array, weight: Array, bias: Array, eps: float = 1e-5):
    """`batch_norm_eval_forward`, one channel and one element at a time."""
    out = array_module(x).empty_like(x)
    for c in range(x.shape[1]):
        for place in _places(x, c):
            out[place] = weight[c] * (x[place] - mean[c]) / math.sqrt(var[c] + eps) + bias[c]
    return out, (x, mean, var, weight, eps)


def batch_norm_eval_backward_naive(dout: Array, cache):
    """`batch_norm_eval_backward`, one channel and one element at a time."""
    x, mean, var, weight, eps = cache
    xp = array_module(x)
    dx, dweight, dbias = xp.empty_like(x), xp.zeros_like(weight), xp.zeros_like(weight)
    for c in range(x.shape[1]):
        std = math.sqrt(var[c] + eps)
        for place in _places(x, c):
            dx[place] = dout[place] * weight[c] / std
            dweight[c] += dout[place] * (x[place] - mean[c]) / std
            dbias[c] += dout[place]
    return dx, None, None, dweight, dbias


# -- over the features of one example ----------------------------------------------------------------------------------


def layer_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, normalized_shape: tuple[int, ...], eps: float = 1e-5
):
    """out = weight x̂ + bias, where x̂ = (x - m) / √(v + eps), with mean m and (biased) variance v of each example.

    x: (*, d_1, ..., d_k), with the normalized_shape (d_1, ..., d_k) that m and v are taken over. weight, bias: of that
    shape, or None for 1 and 0. Returns out, of x's shape.
    """
    check_features("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    rows = _examples(x, (math.prod(x.shape[: x.ndim - len(normalized_shape)]), math.prod(normalized_shape)))
    mean, _, std, out = _normalized(rows, _row(weight, rows), _row(bias, rows), eps)
    return out.reshape(x.shape).astype(x.dtype, copy=False), (rows, mean, std, weight, bias, x.shape, x.dtype)


def layer_norm_backward(dout: Array, cache, needs=ALL):
    """dx = (g - mean(g) - x̂ mean(g x̂)) / s with g = dout weight, over each example: see `batch_norm_backward`.

    A weight belongs to a place within the example now. So it stays inside the means, and its gradient, dweight =
    Σ dout x̂, and dbias = Σ dout are sums over the examples.
    """
    rows, mean, std, weight, bias, shape, dtype = cache
    dout = _examples(dout, rows.shape)
    dx = dweight = dbias = None
    if needs[0]:
        g = dout if weight is None else dout * _row(weight, rows)
        dx = _by_three_roads(g, rows, mean, std, None)[2].reshape(shape).astype(dtype, copy=False)
    if needs[1] and weight is not None:
        products = _standardized(rows, mean, std, None, None)
        products *= dout
        dweight = products.sum(axis=0).reshape(weight.shape).astype(weight.dtype, copy=False)
    if needs[2] and bias is not None:
        dbias = dout.sum(axis=0).reshape(bias.shape).astype(bias.dtype, copy=False)
    return dx, dweight, dbias


def layer_norm_forward_naive(
    x: Array, weight: Array, bias: Array, normalized_shape: tuple[int, ...], eps: float = 1e-5
):
    """`layer_norm_forward`, one example and one element at a time."""
    out = array_module(x).empty_like(x)
    for example in np.ndindex(x.shape[: x.ndim - weight.ndim]):
        places = list(np.ndindex(normalized_shape))
        mean = sum(x[example + place] for place in places) / len(places)
        var = sum((x[example + place] - mean) ** 2 for place in places) / len(places)
        for place in places:
            out[example + place] = weight[place] * (x[example + place] - mean) / math.sqrt(var + eps) + bias[place]
    return out, (x, weight, normalized_shape, eps)


def layer_norm_backward_naive(dout: Array, cache):
    """The three roads of `batch_norm_backward`, walked one by one for each example."""
    x, weight, normalized_shape, eps = cache
    xp = array_module(x)
    dx, dweight, dbias = xp.empty_like(x), xp.zeros_like(weight), xp.zeros_like(weight)
    for example in np.ndindex(x.shape[: x.ndim - weight.ndim]):
        places = list(np.ndindex(normalized_shape))
        mean = sum(x[example + place] for place in places) / len(places)
        std = math.sqrt(sum((x[example + place] - mean) ** 2 for place in places) / len(places) + eps)
        dm = dv = 0
        for place in places:
            g, centred = dout[example + place] * weight[place], x[example + place] - mean
            dm -= g / std
            dv -= g * centred / (2 * std**3)
            dweight[place] += dout[example + place] * centred / std
            dbias[place] += dout[example + place]
        for place in places:
            g, centred = dout[example + place] * weight[place], x[example + place] - mean
            dx[example + place] = g / std + dv * 2 * centred / len(places) + dm / len(places)
    return dx, dweight, dbias


# -- rows --------------------------------------------------------------------------------------------------------------


def _normalized(rows: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array, Array]:
    """Of each row m, v and s = √(v + eps), as columns, and weight x̂ + bias. (Of nothing m and v are 0.)

    weight, bias: columns, or rows; None for 1 and 0.
    """
    if is_on_host(rows):
        n = max(1, rows.shape[1])
        mean = rows.sum(axis=1, keepdims=True) / n
        out = rows - mean
        var = _dot(out, out) / n
        std = np.sqrt(var + eps)
        _scale_and_shift(out, std, weight, bias)
    else:
        (mean,) = kernels.added_up(kernels.means, rows)
        (var,) = kernels.added_up(kernels.variances, rows, mean)
        std = array_module(rows).sqrt(var + eps)
        out = _standardized(rows, mean, std, weight, bias)
    return mean, var, std, out


def _standardized(rows: Array, mean: Array, std: Array, weight: Array | None, bias: Array | None) -> Array:
    """weight (x - m) / s + bias."""
    if is_on_host(rows):
        out = rows - mean
        _scale_and_shift(out, std, weight, bias)
    else:
        out = kernels.standardized(rows, mean, std, 1 if weight is None else weight, 0 if bias is None else bias)
    return out


def _scale_and_shift(out: Array, std: Array, weight: Array | None, bias: Array | None) -> None:
    """out = out / s * weight + bias, in place."""
    if weight is None or weight.ndim == 2:
        out *= _scale(weight, std)
    else:  # a row and a column would make a matrix
        out /= std
        out *= weight
    if bias is not None:
        out += bias


def _by_three_roads(
    g: Array, rows: Array, mean: Array, std: Array, weight: Array | None, wanted: bool = True
) -> tuple[Array, Array, Array]:
    """Σ g and Σ g (x - m), as columns; and weight / s (g - mean(g) - x̂ mean(g x̂)), if it is wanted.

    x̂ mean(g x̂) = (x - m) / s² mean(g (x - m)).
    """
    n = max(1, rows.shape[1])
    if is_on_host(rows):
        dx = rows - mean
        sums, products = g.sum(axis=1, keepdims=True), _dot(g, dx)
        if wanted:
            dx *= products / (-n * std * std)
            dx += g
            dx -= sums / n
            dx *= _scale(weight, std)
    else:
        sums, products = kernels.added_up(kernels.sums, g, rows, mean, outputs=2)
        dx = None
        if wanted:
            dx = kernels.normalization_backward(g, rows, mean, std, sums, products, _scale(weight, std), n)
    return sums, products, dx


def _scale(weight: Array | None, std: Array) -> Array:
    return (1 if weight is None else weight) / std


def _dot(a: Array, b: Array) -> Array:
    """Σ a b along each row, as a column: BLAS's dot product, which needs no array for a b.

    BLAS adds one by one, and in float32 loses two digits over a batch of images: so a block of a row at a time, and
    the sums of blocks are added by NumPy, which adds in pairs.
    """
    xp, n = array_module(a), a.shape[1]
    if n <= BLOCK:
        return xp.matmul(a[:, None, :], b[:, :, None])[:, :, 0]
    whole = n - n % BLOCK
    blocks = xp.matmul(
        a[:, :whole].reshape(len(a), -1, 1, BLOCK), b[:, :whole].reshape(len(b), -1, BLOCK, 1)
    )  # of a row that is contiguous, both are views
    return blocks.sum(axis=1)[:, 0] + _dot(a[:, whole:], b[:, whole:])


def _column(values: Array | None, rows: Array) -> Array:
    """(C,) as (C, 1), to go with the rows. None stays None."""
    return None if values is None else values.astype(rows.dtype, copy=False)[:, None]


def _row(values: Array | None, rows: Array) -> Array:
    """What belongs to the places of an example, as one row. None stays None."""
    return None if values is None else values.astype(rows.dtype, copy=False).reshape(-1)


def _summed(column: Array, parameter: Array | None) -> Array | None:
    """A column of sums as the gradient of a parameter, if there is one."""
    return None if parameter is None else column[:, 0].astype(parameter.dtype, copy=False)


def _channels(x: Array) -> Array:
    """(N, C, d_1, ...) as (C, d_1 * ... * N), a row for each channel: a view where the batch is innermost in memory."""
    xp = array_module(x)
    turned = xp.ascontiguousarray(xp.moveaxis(x, 0, -1), dtype=_calculated_in(x))
    return turned.reshape(len(turned), math.prod(turned.shape[1:]))


def _images(rows: Array, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """The way back: rows of channels as (N, C, d_1, ...), the batch innermost in memory."""
    turned = rows.reshape(*shape[1:], shape[0]).astype(dtype, copy=False)
    return array_module(rows).moveaxis(turned, -1, 0)


def _examples(x: Array, shape: tuple[int, int]) -> Array:
    """(*, d_1, ..., d_k) in the `shape` that has a row for each example."""
    return array_module(x).ascontiguousarray(x, dtype=_calculated_in(x)).reshape(shape)


def _places(x: Array, channel: int) -> list[tuple[int, ...]]:
    """Where the elements of a channel are."""
    return [(n, channel, *place) for n, *place in np.ndindex(x.shape[0], *x.shape[2:])]


# -- what does not fit -------------------------------------------------------------------------------------------------


def check_channels(name: str, x: Array, **per_channel: Array | None) -> None:
    """Raise unless x is (N, C, ...), of floats, and what belongs to its channels is (C,), of a dtype that x can use."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: x must be (N, C) or (N, C, d_1, ...), got x.shape = {x.shape}.")
    _check_dtypes(name, x, per_channel)
    for word, values in per_channel.items():
        if values is not None and values.shape != x.shape[1:2]:
            raise ShapeError(
                f"{name}: {word} must be ({x.shape[1]},), one number for each channel of x, whose shape is {x.shape}, "
                f"got {values.shape}."
            )


def check_features(name: str, x: Array, normalized_shape: tuple[int, ...], **per_feature: Array | None) -> None:
    """Raise unless x is (*, *normalized_shape), of floats, and what belongs to its features is of that shape, too."""
    count = len(normalized_shape)
    if not count or x.ndim < count or x.shape[x.ndim - count :] != tuple(normalized_shape):
        raise ShapeError(
            f"{name}: the last axes of x must be normalized_shape, one at least, got x.shape = {x.shape} and "
            f"normalized_shape = {tuple(normalized_shape)}."
        )
    _check_dtypes(name, x, per_feature)
    for word, values in per_feature.items():
        if values is not None and values.shape != tuple(normalized_shape):
            raise ShapeError(
                f"{name}: {word} must be of shape {tuple(normalized_shape)}, the normalized_shape, got {values.shape}."
            )


def _check_dtypes(name: str, x: Array, others: dict[str, Array | None]) -> None:
    if not is_float(x.dtype):
        raise DtypeError(f"{name}: expected a floating-point x, got {x.dtype}.")
    for word, values in others.items():
        if values is not None and values.dtype not in (x.dtype, _calculated_in(x)):
            raise DtypeError(
                f"{name}: {word} must be {_calculated_in(x)}, as x ({x.dtype}) needs it, got {values.dtype}."
            )


def _calculated_in(x: Array) -> np.dtype:
    return float32 if x.dtype == float16 else x.dtype
