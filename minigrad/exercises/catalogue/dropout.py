# minigrad exercise: dropout
"""Dropout: some are left out, the others make up for it.

    x     any shape
    kept  x's shape, of True and False: which elements stay
    p     a number: each element was left out with this probability
    out   x's shape: 0 where an element is left out, x / (1 - p) where it stays

Only 1 - p of the elements are there, on average, so they are made larger: the mean stays what it was. Which elements
stay has been drawn already; it is the same for forward and backward.

Your part: dropout_forward and dropout_backward.
"""


def dropout_forward(x, kept, p):
    """x, kept of one shape, 0 <= p < 1 -> (out, cache)."""
    # BEGIN SOLUTION
    return x * kept / (1 - p), (kept, p)
    # END SOLUTION


def dropout_backward(dout, cache):
    """dout of out's shape -> dx of x's shape."""
    # BEGIN SOLUTION
    kept, p = cache
    return dout * kept / (1 - p)
    # END SOLUTION
