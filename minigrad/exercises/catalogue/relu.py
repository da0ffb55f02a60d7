# minigrad exercise: relu
"""ReLU: what is below zero is stopped.

    x    any shape
    out  = x where x > 0, otherwise 0

Where x > 0, out moves as x does: slope 1. Where x < 0, out does not move: slope 0. At exactly 0 there is no slope; the
usual choice is 0.

Your part: relu_backward.
"""

import numpy as np


def relu_forward(x):
    """x of any shape -> (out of the same shape, cache)."""
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """dout of out's shape -> dx of x's shape."""
    x = cache
    # BEGIN SOLUTION
    return dout * (x > 0)
    # END SOLUTION
