# minigrad exercise: own-op
"""An op of your own, on the tape.

    x    any shape
    out  = x / (1 + |x|), element by element: "softsign", between -1 and 1

Write the pair, as always. For the slope take x > 0 first, where |x| is x, and then x < 0; the two answers can be
written as one.

Then lift it: `mg.differentiable(forward, backward)` makes of a pair of functions over arrays an op on Tensors, that is
recorded, and called back when the tape is read in reverse. That is how every op of the library is made.

Your part: softsign_forward, softsign_backward, and softsign.
"""

import numpy as np

import minigrad as mg


def softsign_forward(x):
    """x of any shape -> (out of the same shape, cache)."""
    # BEGIN SOLUTION
    size = 1 + np.abs(x)
    return x / size, size
    # END SOLUTION


def softsign_backward(dout, cache):
    """dout of out's shape -> dx of x's shape."""
    # BEGIN SOLUTION
    size = cache
    return dout / size**2
    # END SOLUTION


# The op on Tensors: softsign(mg.tensor(...)) must give a Tensor, and softsign(x).sum().backward() a gradient in x.grad.
# BEGIN SOLUTION
softsign = mg.differentiable(softsign_forward, softsign_backward)
# END SOLUTION
# BEGIN BLANK
# softsign = None
# END BLANK
