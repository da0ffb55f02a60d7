# minigrad exercise: conv2d
"""Convolution, and its three gradients.

    x    (N, C, H, W)     N images of C channels
    w    (F, C, KH, KW)   F filters
    b    (F,)
    out  (N, F, OH, OW)

x gets a border of `padding` zeros. Then a window of KH x KW is moved over it in steps of `stride`. At each place

    out[n, f, i, j] = sum over c, k, l of window[n, c, k, l] * w[f, c, k, l]  +  b[f]

Backward can walk over the same windows. At each place ask: what does dout[:, :, i, j] say to this window, and what to
w? Windows overlap, so one pixel is in several of them; and w is used at every place. Nobody ever asks for the gradient
of the border.

Your part: conv2d_backward.
"""

import numpy as np


def conv2d_forward(x, w, b, stride=1, padding=0):
    """x (N, C, H, W), w (F, C, KH, KW), b (F,) -> (out (N, F, OH, OW), cache)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    rows = (padded.shape[2] - kh) // stride + 1
    columns = (padded.shape[3] - kw) // stride + 1
    out = np.zeros((len(x), len(w), rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + kh, left : left + kw]
            out[:, :, i, j] = np.einsum("nckl,fckl->nf", window, w) + b
    return out, (padded, w, stride, padding)


def conv2d_backward(dout, cache):
    """dout (N, F, OH, OW) -> dx (N, C, H, W), dw (F, C, KH, KW), db (F,)."""
    padded, w, stride, padding = cache
    # BEGIN SOLUTION
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    kh, kw = w.shape[2:]
    rows, columns = dout.shape[2:]
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + kh, left : left + kw]
            dpadded[:, :, top : top + kh, left : left + kw] += np.einsum("nf,fckl->nckl", dout[:, :, i, j], w)
            dw += np.einsum("nf,nckl->fckl", dout[:, :, i, j], window)
    height, width = padded.shape[2:]
    dx = dpadded[:, :, padding : height - padding, padding : width - padding]
    db = dout.sum(axis=(0, 2, 3))
    return dx, dw, db
    # END SOLUTION
