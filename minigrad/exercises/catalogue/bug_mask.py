# minigrad exercise: bug-mask
"""Find the bug: a layer and its ReLU.

    x    (N, D)
    w    (D, M)
    b    (M,)
    out  (N, M)   = relu(x @ w + b)

The forward is right. The backward is wrong in one place. Find it, and repair it.
"""

import numpy as np


def dense_relu_forward(x, w, b):
    """x (N, D), w (D, M), b (M,) -> (out (N, M), cache)."""
    hidden = x @ w + b
    out = np.maximum(hidden, 0)
    return out, (x, w, hidden)


def dense_relu_backward(dout, cache):
    """dout (N, M) -> dx (N, D), dw (D, M), db (M,)."""
    x, w, hidden = cache
    # BEGIN SOLUTION
    dhidden = np.where(hidden > 0, dout, 0)
    # END SOLUTION
    # BEGIN BLANK
    # dhidden = np.where(dout > 0, dout, 0)
    # END BLANK
    dx = dhidden @ w.T
    dw = x.T @ dhidden
    db = dhidden.sum(axis=0)
    return dx, dw, db
