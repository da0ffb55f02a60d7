"""Softmax, its logarithm, and the losses that end in it."""

import numpy as np

from minigrad.testing import OpSpec
from minigrad.testing.catalog import CALLS
from minigrad.testing.strategies import arrays, shapes
from tests.wrong_backwards import planted, right

ROWS = arrays(shapes(2, 2, min_side=2))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


SOFTMAX = right(
    OpSpec(
        lambda x: (softmax(x),) * 2,
        lambda dout, y: y * (dout - (dout * y).sum(axis=1, keepdims=True)),
        ROWS,
        name="softmax",
    )
)
LOG_SOFTMAX = right(
    OpSpec(
        lambda x: (np.log(softmax(x)),) * 2,
        lambda dout, y: dout - np.exp(y) * dout.sum(axis=1, keepdims=True),
        ROWS,
        name="log_softmax",
    )
)


@planted(SOFTMAX, "dx", "wrong-axis")
def softmax_sums_over_the_batch(dout, y):
    return y * (dout - (dout * y).sum(axis=0, keepdims=True))


@planted(SOFTMAX, "dx", "unknown")
def softmax_as_if_it_were_a_sigmoid(dout, y):
    return dout * y * (1 - y)


@planted(SOFTMAX, "dx", "input-mutated")
def softmax_spoils_its_cache(dout, y):
    y *= dout - (dout * y).sum(axis=1, keepdims=True)
    return y


@planted(LOG_SOFTMAX, "dx", "wrong-axis")
def log_softmax_sums_over_the_batch(dout, y):
    return dout - np.exp(y) * dout.sum(axis=0, keepdims=True)


@planted(LOG_SOFTMAX, "dx", "wrong-axis")
def log_softmax_sums_over_everything(dout, y):
    return dout - np.exp(y) * dout.sum()


def softmax_loss(x, y):
    p = softmax(x)
    rows = np.arange(len(x))
    loss = -np.log(p[rows, y]).mean()
    dx = p.copy()
    dx[rows, y] -= 1
    return loss, dx / len(x)


LOSS = right(OpSpec(softmax_loss, None, CALLS["softmax_loss"][0].inputs))


@planted(LOSS, "dx", "constant-factor")
def softmax_loss_forgets_n(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, dx * len(x)


@planted(LOSS, "dx", "sign")
def softmax_loss_goes_uphill(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, -dx


@planted(LOSS, "dx", "input-mutated")
def softmax_loss_shifts_the_callers_scores(x, y):
    x -= x.max(axis=1, keepdims=True) + 1
    return softmax_loss(x, y)


@planted(LOSS, "dx", "wrong-shape")
def softmax_loss_gives_a_row(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, dx[:, :1]


def cross_entropy_forward(x, y):
    loss, dx = softmax_loss(x, y)
    return loss, dx


CROSS_ENTROPY = right(
    OpSpec(cross_entropy_forward, lambda dout, dx: (dout * dx).astype(dx.dtype), CALLS["softmax_loss"][0].inputs)
)


@planted(CROSS_ENTROPY, "dx", "upstream-ignored")
def cross_entropy_ignores_dout(dout, dx):
    return dx


def svm_loss(x, y):
    n = len(x)
    margins = np.maximum(0, x - x[np.arange(n), y][:, None] + 1)
    margins[np.arange(n), y] = 0
    dx = (margins > 0).astype(x.dtype)
    dx[np.arange(n), y] -= dx.sum(axis=1)
    return margins.sum() / n, dx / n


SVM = right(OpSpec(svm_loss, None, CALLS["svm_loss"][0].inputs))


@planted(SVM, "dx", "unknown")
def svm_loss_counts_one_margin(x, y):
    loss, dx = svm_loss(x, y)
    rows = np.arange(len(x))
    dx[rows, y] = -1 / len(x)
    return loss, dx
