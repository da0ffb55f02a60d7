# minigrad exercise: bug-mean
"""Find the bug: softmax and cross-entropy.

    x     (N, C)   scores
    y     (N,)     the true class of each example, an integer in 0..C-1
    loss  a number: the mean over the examples of -log p[n, y[n]], p the softmax of each row of x
    dx    (N, C)

The loss is right. Its gradient is wrong in one place. Find it, and repair it. (A training run does not show it at once:
the loss still falls, only not with the step that was meant.)
"""

import numpy as np


def softmax_loss(x, y):
    """x (N, C), y (N,) -> (loss, dx (N, C))."""
    count, classes = x.shape
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    true = np.eye(classes, dtype=x.dtype)[y]
    loss = -(true * log_p).sum() / count
    # BEGIN SOLUTION
    dx = (np.exp(log_p) - true) / count
    # END SOLUTION
    # BEGIN BLANK
    # dx = (np.exp(log_p) - true) / x.size
    # END BLANK
    return loss, dx
