"""Convolution and pooling, their backwards in loops."""

import numpy as np

from minigrad.testing import OpSpec
from minigrad.testing.catalog import _with_ties
from minigrad.testing.strategies import conv_cases, distinct_values, pool_cases
from tests.wrong_backwards import planted, right


def windows(lengths, kernel, stride):
    """The upper left corners of all windows."""
    h, w = ((n - k) // stride + 1 for n, k in zip(lengths, kernel, strict=True))
    return [(i, j) for i in range(h) for j in range(w)]


def padded(x, padding):
    n, c, h, w = x.shape
    p = np.zeros((n, c, h + 2 * padding, w + 2 * padding), x.dtype)
    cut(p, padding)[...] = x
    return p


def cut(p, padding):
    return p[:, :, padding : p.shape[2] - padding, padding : p.shape[3] - padding]


def conv_forward(x, w, b, stride=1, padding=0):
    p = padded(x, padding)
    seen = np.lib.stride_tricks.sliding_window_view(p, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchvij,fcij->nfhv", seen, w) + b[:, None, None], (p, w, stride, padding)


def conv_gradients(dout, cache, *, step=None, add=True, kernel=None):
    """dx (padded), dw, db; with what can be done wrong as arguments."""
    p, w, stride, _ = cache
    step = step or stride
    turned = w if kernel is None else kernel(w)
    kh, kw = w.shape[2:]
    dp, dw = np.zeros_like(p), np.zeros_like(w)
    for i, j in windows(p.shape[2:], (kh, kw), stride):
        rows, columns = slice(i * step, i * step + kh), slice(j * step, j * step + kw)
        patch = np.tensordot(dout[:, :, i, j], turned, (1, 0))
        dp[:, :, rows, columns] = dp[:, :, rows, columns] * add + patch
        dw += np.tensordot(
            dout[:, :, i, j], p[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw], (0, 0)
        )
    return dp, dw, dout.sum(axis=(0, 2, 3))


def conv_backward(dout, cache):
    dp, dw, db = conv_gradients(dout, cache)
    return cut(dp, cache[3]), dw, db


CONV = right(OpSpec(conv_forward, conv_backward, conv_cases(dilations=False, groups=False, max_side=4)))


@planted(CONV, "dx", "kernel-flipped")
def conv_dx_with_the_kernel_turned(dout, cache):
    dp, dw, db = conv_gradients(dout, cache, kernel=lambda w: w[:, :, ::-1, ::-1])
    return cut(dp, cache[3]), dw, db


@planted(CONV, "dw", "kernel-flipped")
def conv_dw_turned(dout, cache):
    dx, dw, db = conv_backward(dout, cache)
    return dx, dw[:, :, ::-1, ::-1], db


@planted(CONV, "dx", "stride")
def conv_dx_steps_by_1(dout, cache):
    dp, dw, db = conv_gradients(dout, cache, step=1)
    return cut(dp, cache[3]), dw, db


@planted(CONV, "dx", "overwritten")
def conv_dx_assigns_each_window(dout, cache):
    dp, dw, db = conv_gradients(dout, cache, add=False)
    return cut(dp, cache[3]), dw, db


@planted(CONV, "dx", "border")
def conv_dx_cut_at_the_wrong_end(dout, cache):
    p, _, _, padding = cache
    dp, dw, db = conv_gradients(dout, cache)
    return dp[:, :, : p.shape[2] - 2 * padding, : p.shape[3] - 2 * padding], dw, db


@planted(CONV, "dx", "border")
def conv_dx_is_zero_at_the_border(dout, cache):
    dx, dw, db = conv_backward(dout, cache)
    padding = cache[3]
    if padding:
        dx = dx.copy()
        dx[:, :, 0], dx[:, :, -1], dx[:, :, :, 0], dx[:, :, :, -1] = 0, 0, 0, 0
    return dx, dw, db


@planted(CONV, "dx", "wrong-shape")
def conv_dx_keeps_its_padding(dout, cache):
    return conv_gradients(dout, cache)


@planted(CONV, "db", "wrong-axis")
def conv_db_over_the_channels(dout, cache):
    dx, dw, _ = conv_backward(dout, cache)
    return dx, dw, dout.sum(axis=(1, 2, 3))


@planted(CONV, "db", "axis-not-summed")
def conv_db_for_each_example(dout, cache):
    dx, dw, _ = conv_backward(dout, cache)
    return dx, dw, dout.sum(axis=(2, 3))


@planted(CONV, "dw", "transpose")
def conv_dw_with_rows_for_columns(dout, cache):
    dx, dw, db = conv_backward(dout, cache)
    return dx, dw.swapaxes(2, 3), db


@planted(CONV, "dw", "constant-factor")
def conv_dw_divided_by_the_batch(dout, cache):
    dx, dw, db = conv_backward(dout, cache)
    return dx, dw / len(dout), db


def max_pool_forward(x, kernel_size, stride):
    h, w = ((n - kernel_size) // stride + 1 for n in x.shape[2:])
    out = np.zeros((*x.shape[:2], h, w), x.dtype)
    for i, j in windows(x.shape[2:], (kernel_size, kernel_size), stride):
        out[:, :, i, j] = x[:, :, i * stride :, j * stride :][:, :, :kernel_size, :kernel_size].max(axis=(2, 3))
    return out, (x, kernel_size, stride)


def max_pool_backward(dout, cache):
    x, k, stride = cache
    dx = np.zeros_like(x)
    for n, c in np.ndindex(x.shape[:2]):
        for i, j in windows(x.shape[2:], (k, k), stride):
            patch = x[n, c, i * stride : i * stride + k, j * stride : j * stride + k]
            row, column = np.unravel_index(patch.argmax(), patch.shape)
            dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx


POOL = right(OpSpec(max_pool_forward, max_pool_backward, pool_cases(values=_with_ties, padding=False, max_side=4)))
POOL_WITHOUT_TIES = OpSpec(
    max_pool_forward, max_pool_backward, pool_cases(values=distinct_values, padding=False, max_side=4)
)


@planted(POOL, "dx", "ties")
def max_pool_pays_every_tie(dout, cache):
    x, k, stride = cache
    dx = np.zeros_like(x)
    for i, j in windows(x.shape[2:], (k, k), stride):
        patch = x[:, :, i * stride : i * stride + k, j * stride : j * stride + k]
        mask = patch == patch.max(axis=(2, 3), keepdims=True)
        dx[:, :, i * stride : i * stride + k, j * stride : j * stride + k] += mask * dout[:, :, i, j, None, None]
    return dx


@planted(POOL_WITHOUT_TIES, "dx", "overwritten")
def max_pool_assigns(dout, cache):
    x, k, stride = cache
    dx = np.zeros_like(x)
    for n, c in np.ndindex(x.shape[:2]):
        for i, j in windows(x.shape[2:], (k, k), stride):
            patch = x[n, c, i * stride : i * stride + k, j * stride : j * stride + k]
            row, column = np.unravel_index(patch.argmax(), patch.shape)
            dx[n, c, i * stride + row, j * stride + column] = dout[n, c, i, j]
    return dx


@planted(POOL_WITHOUT_TIES, "dx", "stride")
def max_pool_forgets_the_stride(dout, cache):
    x, k, stride = cache
    dx = np.zeros_like(x)
    for n, c in np.ndindex(x.shape[:2]):
        for i, j in windows(x.shape[2:], (k, k), stride):
            patch = x[n, c, i : i + k, j : j + k]
            row, column = np.unravel_index(patch.argmax(), patch.shape)
            dx[n, c, i + row, j + column] += dout[n, c, i, j]
    return dx


@planted(POOL_WITHOUT_TIES, "dx", "wrong-mask")
def max_pool_takes_the_minimum(dout, cache):
    x, k, stride = cache
    return max_pool_backward(dout, (-x, k, stride))


def avg_pool_forward(x, kernel_size, stride):
    h, w = ((n - kernel_size) // stride + 1 for n in x.shape[2:])
    out = np.zeros((*x.shape[:2], h, w), x.dtype)
    for i, j in windows(x.shape[2:], (kernel_size, kernel_size), stride):
        out[:, :, i, j] = x[:, :, i * stride :, j * stride :][:, :, :kernel_size, :kernel_size].mean(axis=(2, 3))
    return out, (x.shape, kernel_size, stride)


def avg_pool_backward(dout, cache):
    shape, k, stride = cache
    dx = np.zeros(shape, dout.dtype)
    for i, j in windows(shape[2:], (k, k), stride):
        dx[:, :, i * stride : i * stride + k, j * stride : j * stride + k] += dout[:, :, i, j, None, None] / k**2
    return dx


AVERAGE = right(OpSpec(avg_pool_forward, avg_pool_backward, pool_cases(padding=False, max_side=4)))


@planted(AVERAGE, "dx", "constant-factor")
def avg_pool_forgets_the_area(dout, cache):
    return avg_pool_backward(dout, cache) * cache[1] ** 2


@planted(AVERAGE, "dx", "constant-factor")
def avg_pool_divides_by_one_side(dout, cache):
    return avg_pool_backward(dout, cache) * cache[1]
