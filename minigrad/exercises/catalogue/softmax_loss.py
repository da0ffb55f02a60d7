# minigrad exercise: softmax-loss
"""Softmax and cross-entropy: the loss, and its gradient at once.

    x     (N, C)   scores: N examples, C classes
    y     (N,)     the true class of each, an integer in 0..C-1
    loss  a number: the mean over the examples of  -log p[n, y[n]]
    dx    (N, C)

with the probabilities  p[n, c] = exp(x[n, c]) / sum over k of exp(x[n, k]).

exp(1000) is too large for a computer. But a softmax does not change when the same number is taken from all scores of
an example: take their maximum.

For the gradient start from  -log p[y] = -x[y] + log(sum of exp(x[k])).  What is its slope towards x[c], for c = y and
for the others? And do not forget that the loss is a mean.

Your part: softmax_loss.
"""

import numpy as np


def softmax_loss(x, y):
    """x (N, C), y (N,) -> (loss, dx (N, C))."""
    # BEGIN SOLUTION
    shifted = x - x.max(axis=1, keepdims=True)
    exps = np.exp(shifted)
    sums = exps.sum(axis=1, keepdims=True)
    true = (np.arange(len(x)), y)
    loss = np.mean(np.log(sums[:, 0]) - shifted[true])
    dx = exps / sums
    dx[true] -= 1
    return loss, dx / len(x)
    # END SOLUTION
