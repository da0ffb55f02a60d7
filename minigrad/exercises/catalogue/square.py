# minigrad exercise: square
"""The square, and its slope.

    x    any shape
    out  = x * x, element by element

The slope of x² is 2x: when x moves a little, out moves 2x times as far. And `dout` says how far the loss moves when out
does, one number for each element of out. How far does the loss move when x does?

Your part: square_backward.
"""


def square_forward(x):
    """x of any shape -> out of the same shape, and what backward will need."""
    return x * x, x


def square_backward(dout, cache):
    """dout, the gradient of the loss with respect to out -> dx, the one with respect to x. Both have x's shape."""
    x = cache
    # BEGIN SOLUTION
    return dout * 2 * x
    # END SOLUTION
