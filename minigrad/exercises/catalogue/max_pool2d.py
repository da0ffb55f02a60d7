# minigrad exercise: max-pool2d
"""Max-pooling: the largest of each window goes through.

    x    (N, C, H, W)
    out  (N, C, OH, OW)   out[n, c, i, j] is the maximum of a window of size x size, moved in steps of `stride`

Only one element of the window reaches the output, so it alone gets the gradient, all of it; the others get none. Where
several are equally large, the first takes all: the one that `argmax` finds. And with a stride smaller than the size,
windows overlap: one element can be the largest of several.

Your part: max_pool2d_backward.
"""

import numpy as np


def max_pool2d_forward(x, size=2, stride=2):
    """x (N, C, H, W) -> (out (N, C, OH, OW), cache)."""
    rows = (x.shape[2] - size) // stride + 1
    columns = (x.shape[3] - size) // stride + 1
    out = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, size, stride)


def max_pool2d_backward(dout, cache):
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    x, size, stride = cache
    # BEGIN SOLUTION
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx
    # END SOLUTION
