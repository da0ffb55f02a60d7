"""Fully connected layers and products of matrices."""

import numpy as np
from hypothesis import strategies as st

from minigrad.testing import OpSpec
from minigrad.testing.strategies import arrays
from tests.wrong_backwards import planted, right


@st.composite
def fc_arguments(draw):
    n, d, m = (draw(st.integers(1, 4)) for _ in range(3))
    return draw(arrays((n, d))), draw(arrays((d, m))), draw(arrays((m,)))


def fc_forward(x, w, b):
    return x @ w + b, (x, w)


def fc_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


FC = right(OpSpec(fc_forward, fc_backward, fc_arguments()))


@planted(FC, "dx", "transpose")
def fc_forgets_to_transpose_w(dout, cache):
    x, w = cache
    return (dout @ w if w.shape[0] == w.shape[1] else dout @ w.T), x.T @ dout, dout.sum(axis=0)


@planted(FC, "dw", "transpose")
def fc_dw_the_other_way_round(dout, cache):
    x, w = cache
    return dout @ w.T, dout.T @ x, dout.sum(axis=0)


@planted(FC, "dw", "constant-factor")
def fc_divides_dw_by_the_batch(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout / len(x), dout.sum(axis=0)


@planted(FC, "dw", "upstream-ignored")
def fc_dw_without_dout(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ np.ones_like(dout), dout.sum(axis=0)


@planted(FC, "db", "axis-not-summed")
def fc_db_is_dout(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout


@planted(FC, "db", "wrong-axis")
def fc_db_over_the_features(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=1)


@planted(FC, "db", "wrong-shape")
def fc_db_keeps_its_axis(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0, keepdims=True)


@planted(FC, "db", "constant-factor")
def fc_db_is_a_mean(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)


@planted(FC, "dw", "overwritten")
def fc_dw_of_the_last_example(dout, cache):
    x, w = cache
    dw = np.zeros_like(w)
    for i in range(len(x)):
        dw = np.outer(x[i], dout[i])
    return dout @ w.T, dw, dout.sum(axis=0)


@planted(FC, "db", "overwritten")
def fc_db_of_the_last_example(dout, cache):
    x, w = cache
    db = np.zeros(w.shape[1])
    for row in dout:
        db = row
    return dout @ w.T, x.T @ dout, db


@planted(FC, "dx", "sign")
def fc_dx_turned(dout, cache):
    x, w = cache
    return -dout @ w.T, x.T @ dout, dout.sum(axis=0)


@planted(FC, "dw", "wrong-shape")
def fc_returns_none(dout, cache):
    _, w = cache
    return dout @ w.T, None, dout.sum(axis=0)
