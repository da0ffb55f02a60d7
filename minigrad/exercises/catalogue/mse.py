# minigrad exercise: mse
"""The mean squared error: the loss, and its gradient at once.

    x     any shape   what the model says
    y     x's shape   what is true
    loss  a number: the mean, over all elements, of (x - y)²
    dx    x's shape

The mean of K numbers is their sum divided by K. One element of x stands in one of these numbers only.

Your part: mse_loss.
"""

import numpy as np


def mse_loss(x, y):
    """x, y of one shape -> (loss, dx)."""
    # BEGIN SOLUTION
    apart = x - y
    return np.mean(apart**2), 2 * apart / x.size
    # END SOLUTION
