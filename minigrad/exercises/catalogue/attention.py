# minigrad exercise: attention
"""Attention, by hand.

    q    (T, D)   T questions
    k    (S, D)   S keys, one for each of
    v    (S, E)   S values
    out  (T, E)

    scores = q @ k.T / sqrt(D)           (T, S)   how well each key fits each question
    p      = softmax of each row         (T, S)
    out    = p @ v                       (T, E)   a mixture of the values

Backward takes these lines from the last to the first. A product you know from `fc`. For one row of the softmax,

    dscores[s] = p[s] * (dp[s] - sum over r of dp[r] * p[r])

(each p[s] falls when another score rises, hence the sum).

Your part: attention_backward.
"""

import math

import numpy as np


def attention_forward(q, k, v):
    """q (T, D), k (S, D), v (S, E) -> (out (T, E), cache)."""
    scores = q @ k.T / math.sqrt(q.shape[1])
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exps / exps.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p)


def attention_backward(dout, cache):
    """dout (T, E) -> dq (T, D), dk (S, D), dv (S, E)."""
    q, k, v, p = cache
    # BEGIN SOLUTION
    dv = p.T @ dout
    dp = dout @ v.T
    dscores = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    dscores = dscores / math.sqrt(q.shape[1])
    dq = dscores @ k
    dk = dscores.T @ q
    return dq, dk, dv
    # END SOLUTION
