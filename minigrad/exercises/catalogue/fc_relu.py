# minigrad exercise: fc-relu
"""Two layers in a row: the two backwards, the other way round.

    x    (N, D)
    w    (D, M)
    b    (M,)
    out  (N, M)   = relu(x @ w + b)

Both pairs are given. Forward calls one after the other, and keeps both caches. Backward hands dout to the last layer
first; what comes out is the dout of the layer before.

Your part: fc_relu_forward and fc_relu_backward. Three lines each are enough.
"""

import numpy as np


def fc_forward(x, w, b):
    return x @ w + b, (x, w)


def fc_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def fc_relu_forward(x, w, b):
    """x (N, D), w (D, M), b (M,) -> (out (N, M), cache)."""
    # BEGIN SOLUTION
    hidden, fc_cache = fc_forward(x, w, b)
    out, relu_cache = relu_forward(hidden)
    return out, (fc_cache, relu_cache)
    # END SOLUTION


def fc_relu_backward(dout, cache):
    """dout (N, M) -> dx (N, D), dw (D, M), db (M,)."""
    # BEGIN SOLUTION
    fc_cache, relu_cache = cache
    dhidden = relu_backward(dout, relu_cache)
    return fc_backward(dhidden, fc_cache)
    # END SOLUTION
