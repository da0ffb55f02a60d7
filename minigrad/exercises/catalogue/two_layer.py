# minigrad exercise: two-layer
"""A two-layer network by hand, held against the tape.

    x   (N, D)           y   (N,)   the true classes
    w1  (D, H)           b1  (H,)
    w2  (H, C)           b2  (C,)

    hidden = relu(x @ w1 + b1)           (N, H)
    scores = hidden @ w2 + b2            (N, C)
    loss   = softmax_loss(scores, y)     a number

softmax_loss is given; it returns the gradient of the scores, too. From there walk back, line by line: each line of the
forward becomes one or more lines of the backward, in the reverse order.

Then let the tape do it. With `w1 = mg.tensor(w1, requires_grad=True)` and the same for x, b1, w2 and b2, three lines
like these and `loss.backward()` leave every gradient in `.grad`. Both must come to the same numbers.

Your part: by_hand and by_tape.
"""

import numpy as np

import minigrad as mg


def softmax_loss(scores, y):
    """scores (N, C), y (N,) -> (loss, dscores (N, C))."""
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exps / exps.sum(axis=1, keepdims=True)
    true = (np.arange(len(y)), y)
    dscores = p.copy()
    dscores[true] -= 1
    return -np.mean(np.log(p[true])), dscores / len(y)


def by_hand(x, y, w1, b1, w2, b2):
    """Arrays -> (loss, dx (N, D), dw1 (D, H), db1 (H,), dw2 (H, C), db2 (C,))."""
    # BEGIN SOLUTION
    before = x @ w1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ w2 + b2
    loss, dscores = softmax_loss(scores, y)

    dw2 = hidden.T @ dscores
    db2 = dscores.sum(axis=0)
    dhidden = dscores @ w2.T
    dbefore = dhidden * (before > 0)
    dw1 = x.T @ dbefore
    db1 = dbefore.sum(axis=0)
    dx = dbefore @ w1.T
    return loss, dx, dw1, db1, dw2, db2
    # END SOLUTION


def by_tape(x, y, w1, b1, w2, b2):
    """The same from minigrad: arrays -> (loss, dx, dw1, db1, dw2, db2), Tensors or arrays."""
    # BEGIN SOLUTION
    x, w1, b1, w2, b2 = (mg.tensor(one, requires_grad=True) for one in (x, w1, b1, w2, b2))
    hidden = mg.relu(x @ w1 + b1)
    scores = hidden @ w2 + b2
    loss = mg.nn.functional.cross_entropy(scores, mg.tensor(y))
    loss.backward()
    return loss, x.grad, w1.grad, b1.grad, w2.grad, b2.grad
    # END SOLUTION
