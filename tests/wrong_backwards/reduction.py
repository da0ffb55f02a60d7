"""Sums, means, maxima, variances; embeddings and selections."""

import numpy as np
from hypothesis import strategies as st

from minigrad.testing import OpSpec
from minigrad.testing.strategies import arrays, shapes, ties
from tests.wrong_backwards import planted, right

CUBES = arrays(st.one_of(shapes(2, 3), st.just((3, 3)), st.just((2, 2, 2))))


def along(function):
    """A forward f(x, axis) whose output keeps no axis, with x and axis as its cache."""
    return lambda x, axis: (function(x, axis), (x, axis))


def spread(dout, x, axis):
    return np.broadcast_to(np.expand_dims(dout, axis), x.shape)


AXIS = {"axis": st.sampled_from([0, 1, -1])}
SUM = right(OpSpec(along(np.sum), lambda dout, c: spread(dout, *c), CUBES, AXIS, name="sum"))
MEAN = right(OpSpec(along(np.mean), lambda dout, c: spread(dout, *c) / c[0].shape[c[1]], CUBES, AXIS, name="mean"))


@planted(SUM, "dx", "wrong-axis")
def sum_ignores_its_axis(dout, cache):
    x, axis = cache
    square = len(set(x.shape)) == 1
    return np.broadcast_to(dout, x.shape) if square else spread(dout, x, axis)


@planted(SUM, "dx", "wrong-shape")
def sum_does_not_spread(dout, cache):
    return dout


@planted(MEAN, "dx", "constant-factor")
def mean_forgets_n(dout, cache):
    return spread(dout, *cache)


@planted(MEAN, "dx", "constant-factor")
def mean_divides_by_all(dout, cache):
    x, axis = cache
    return spread(dout, x, axis) / x.size


@planted(SUM, "dx", "upstream-ignored")
def sum_gives_ones(dout, cache):
    return np.ones_like(cache[0])


def var_forward(x):
    return x.var(axis=0), x


def var_backward(dout, x):
    return dout * 2 * (x - x.mean(axis=0)) / len(x)


VAR = right(OpSpec(var_forward, var_backward, arrays(shapes(2, 2))))


@planted(VAR, "dx", "constant-factor")
def var_forgets_the_2(dout, x):
    return dout * (x - x.mean(axis=0)) / len(x)


@planted(VAR, "dx", "constant-factor")
def var_divides_by_n_less_1(dout, x):
    return dout * 2 * (x - x.mean(axis=0)) / max(len(x) - 1, 1)


def max_forward(x):
    return x.max(axis=1), x


def max_backward(dout, x):
    dx = np.zeros_like(x)
    rows = np.arange(len(x))
    dx[rows, x.argmax(axis=1)] = dout
    return dx


MAX = right(OpSpec(max_forward, max_backward, ties(shapes(2, 2))))


@planted(MAX, "dx", "ties")
def max_pays_every_tie(dout, x):
    return (x == x.max(axis=1, keepdims=True)) * dout[:, None]


@planted(MAX, "dx", "wrong-mask")
def max_pays_the_first_column(dout, x):
    dx = np.zeros_like(x)
    dx[:, 0] = dout
    return dx


def norm_forward(x):
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return x / length, (x, length)


def norm_backward(dout, cache):
    x, length = cache
    y = x / length
    return (dout - y * (dout * y).sum(axis=1, keepdims=True)) / length


NORMALIZE = right(OpSpec(norm_forward, norm_backward, arrays(shapes(2, 2, min_side=2), low=0.3), name="normalize"))


@planted(NORMALIZE, "dx", "statistics-constant")
def normalize_by_a_constant(dout, cache):
    _, length = cache
    return dout / length


@st.composite
def lookups(draw):
    table = draw(arrays((draw(st.integers(2, 4)), draw(st.integers(1, 3)))))
    return draw(arrays((draw(st.integers(1, 6)),), low=0, high=len(table), dtype=np.int64)), table


def embedding_forward(indices, table):
    return table[indices], (indices, table.shape)


def embedding_backward(dout, cache):
    indices, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, indices, dout)
    return dtable.astype(dout.dtype)


EMBEDDING = right(OpSpec(embedding_forward, embedding_backward, lookups()))


@planted(EMBEDDING, "dtable", "overwritten")
def embedding_assigns(dout, cache):
    indices, shape = cache
    dtable = np.zeros(shape)
    dtable[indices] = dout
    return dtable


@planted(EMBEDDING, "dtable", "overwritten")
def embedding_adds_to_a_copy(dout, cache):
    indices, shape = cache
    dtable = np.zeros(shape)
    dtable[indices] += dout
    return dtable


@planted(EMBEDDING, "dtable", "overwritten")
def embedding_keeps_the_first(dout, cache):
    indices, shape = cache
    dtable = np.zeros(shape)
    dtable[indices[::-1]] = dout[::-1]
    return dtable
