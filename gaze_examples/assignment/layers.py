"""The layers of tasks 1.1 to 1.5, which are minigrad's own pairs, and the pair that chains two of them.

fc_forward(x (N, d_1, ..., d_k), w (D, M), b (M,)) -> out (N, M), cache
relu_forward(x) -> out, cache
softmax_loss(x (N, C), y (N,)) -> loss, dx
"""

from __future__ import annotations

import numpy as np

from minigrad.ops.elementwise import relu_backward, relu_forward
from minigrad.ops.linear import fc_backward, fc_forward
from minigrad.ops.loss import softmax_loss

__all__ = [
    "fc_backward",
    "fc_forward",
    "fc_relu_backward",
    "fc_relu_forward",
    "relu_backward",
    "relu_forward",
    "softmax_loss",
]

ALL = (True, True, True)


def fc_relu_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray):
    """out = max(x @ w + b, 0): a fully-connected layer and its activation.

    x: (N, d_1, ..., d_k). w: (D, M), D = d_1 * ... * d_k. b: (M,). Returns out (N, M) and the caches of both layers.
    """
    hidden, fc_cache = fc_forward(x, w, b)
    out, relu_cache = relu_forward(hidden)
    return out, (fc_cache, relu_cache)


def fc_relu_backward(dout: np.ndarray, cache, needs: tuple[bool, bool, bool] = ALL):
    """The chain rule for two functions: the last one's backward first.

    dout: (N, M). Returns dx (N, d_1, ..., d_k), dw (D, M), db (M,), each None where `needs` says it is not wanted.
    """
    fc_cache, relu_cache = cache
    return fc_backward(relu_backward(dout, relu_cache), fc_cache, needs)
