# minigrad exercise: batch-norm
"""Batch normalisation, by hand.

    x            (N, C)   N examples of C features
    gamma, beta  (C,)
    out          (N, C)

For each feature, over the N examples:

    mean   = sum of x / N
    var    = sum of (x - mean)² / N
    x_hat  = (x - mean) / sqrt(var + eps)
    out    = gamma * x_hat + beta

x reaches out on three ways: directly, through the mean, and through the variance. All three count. Walk back line by
line, or do it on paper first: with  g = dout * gamma  it all becomes

    dx = (g - mean of g - x_hat * mean of (g * x_hat)) / sqrt(var + eps)

Your part: batch_norm_backward.
"""

import numpy as np


def batch_norm_forward(x, gamma, beta, eps=1e-5):
    """x (N, C), gamma (C,), beta (C,) -> (out (N, C), cache)."""
    mean = x.mean(axis=0)
    std = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


def batch_norm_backward(dout, cache):
    """dout (N, C) -> dx (N, C), dgamma (C,), dbeta (C,)."""
    x_hat, gamma, std = cache
    # BEGIN SOLUTION
    g = dout * gamma
    dx = (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / std
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta
    # END SOLUTION
