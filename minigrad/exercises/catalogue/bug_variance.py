# minigrad exercise: bug-variance
"""Find the bug: batch normalisation, walked back line by line.

    x            (N, C)
    gamma, beta  (C,)
    out          (N, C)

    mean   = sum of x / N                    of each feature, over the N examples
    away   = x - mean
    var    = sum of away² / N
    scale  = 1 / sqrt(var + eps)
    x_hat  = away * scale
    out    = gamma * x_hat + beta

The forward is right. The backward is wrong in one place. Find it, and repair it.
"""

import numpy as np


def batch_norm_forward(x, gamma, beta, eps=1e-5):
    """x (N, C), gamma (C,), beta (C,) -> (out (N, C), cache)."""
    away = x - x.mean(axis=0)
    var = (away**2).mean(axis=0)
    scale = 1 / np.sqrt(var + eps)
    x_hat = away * scale
    return gamma * x_hat + beta, (away, scale, x_hat, gamma)


def batch_norm_backward(dout, cache):
    """dout (N, C) -> dx (N, C), dgamma (C,), dbeta (C,)."""
    away, scale, x_hat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    # BEGIN SOLUTION
    dscale = (dx_hat * away).sum(axis=0)
    dvar = dscale * -(scale**3) / 2
    daway = dx_hat * scale + dvar * 2 * away / len(dout)
    # END SOLUTION
    # BEGIN BLANK
    # daway = dx_hat * scale
    # END BLANK
    dx = daway - daway.mean(axis=0)
    return dx, dgamma, dbeta
