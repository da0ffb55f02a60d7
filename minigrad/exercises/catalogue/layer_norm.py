# minigrad exercise: layer-norm
"""Layer normalisation: each example by itself.

    x            (N, D)   N examples of D features
    gamma, beta  (D,)
    out          (N, D)

As batch normalisation, but mean and variance are those of one example, over its D features:

    x_hat = (x - mean) / sqrt(var + eps)        of each row
    out   = gamma * x_hat + beta

So the sums in dx run along another axis. But gamma and beta are shared by all examples, as they were before.

Your part: layer_norm_backward.
"""

import numpy as np


def layer_norm_forward(x, gamma, beta, eps=1e-5):
    """x (N, D), gamma (D,), beta (D,) -> (out (N, D), cache)."""
    mean = x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


def layer_norm_backward(dout, cache):
    """dout (N, D) -> dx (N, D), dgamma (D,), dbeta (D,)."""
    x_hat, gamma, std = cache
    # BEGIN SOLUTION
    g = dout * gamma
    dx = (g - g.mean(axis=1, keepdims=True) - x_hat * (g * x_hat).mean(axis=1, keepdims=True)) / std
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta
    # END SOLUTION
