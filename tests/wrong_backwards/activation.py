"""Functions element by element."""

import numpy as np

from minigrad.testing import OpSpec
from minigrad.testing.strategies import arrays, broadcastable, ties
from tests.wrong_backwards import planted, right

RELU = right(OpSpec(lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (x > 0), arrays(), kinks=(0,), name="relu"))
LEAKY = right(
    OpSpec(
        lambda x: (np.where(x > 0, x, 0.1 * x), x),
        lambda dout, x: np.where(x > 0, dout, dout * dout.dtype.type(0.1)),
        arrays(),
        kinks=(0,),
        name="leaky_relu",
    )
)
ABS = right(OpSpec(lambda x: (np.abs(x), x), lambda dout, x: dout * np.sign(x), arrays(), kinks=(0,), name="abs"))
SQUARE = right(OpSpec(lambda x: (x * x, x), lambda dout, x: 2 * x * dout, arrays(), name="square"))
TANH = right(OpSpec(lambda x: (np.tanh(x),) * 2, lambda dout, y: dout * (1 - y * y), arrays(), name="tanh"))
EXP = right(OpSpec(lambda x: (np.exp(x),) * 2, lambda dout, y: dout * y, arrays(), name="exp"))


@planted(RELU, "dx", "wrong-mask")
def relu_masks_by_dout(dout, x):
    return dout * (dout > 0)


@planted(RELU, "dx", "wrong-mask")
def relu_mask_turned_round(dout, x):
    return dout * (x <= 0)


@planted(RELU, "dx", "upstream-ignored")
def relu_is_a_step(dout, x):
    return (x > 0).astype(float)


@planted(RELU, "dx", "input-mutated")
def relu_writes_into_dout(dout, x):
    dout[x <= 0] = 0
    return dout


@planted(RELU, "dx", "memory-layout")
def relu_writes_into_a_copy_of_what_is_transposed(dout, x):
    dx = np.zeros_like(dout)  # lies as dout lies
    dx.ravel()[x.ravel() > 0] = dout.ravel()[x.ravel() > 0]
    return dx


@planted(RELU, "dx", "wrong-shape")
def relu_flattens(dout, x):
    return (dout * (x > 0)).reshape(-1, 1)


@planted(LEAKY, "dx", "wrong-mask")
def leaky_relu_takes_the_other_slope(dout, x):
    return dout * np.where(x > 0, 0.1, 1)


@planted(ABS, "dx", "sign")
def abs_without_its_sign(dout, x):
    return dout.copy()


@planted(SQUARE, "dx", "constant-factor")
def square_forgets_the_2(dout, x):
    return x * dout


@planted(TANH, "dx", "unknown")
def tanh_of_x_where_y_is_meant(dout, y):
    return dout * (1 - np.arctanh(y) ** 2)


@planted(TANH, "dx", "sign")
def tanh_y_squared_less_1(dout, y):
    return dout * (y * y - 1)


@planted(EXP, "dx", "upstream-ignored")
def exp_is_its_own_gradient(dout, y):
    return y.copy()


MUL = right(
    OpSpec(
        lambda x, y: (x * y, (x, y)),
        lambda dout, c: (dout * c[1], dout * c[0]),
        broadcastable(),
        broadcasts=True,
        name="mul",
    )
)
SUB = right(
    OpSpec(lambda x, y: (x - y, None), lambda dout, _: (dout, -dout), broadcastable(), broadcasts=True, name="sub")
)
MAXIMUM = right(
    OpSpec(
        lambda x, y: (np.maximum(x, y), (x, y)),
        lambda dout, c: (dout * (c[0] >= c[1]), dout * (c[0] < c[1])),
        (ties((3, 4)), ties((3, 4))),
        name="maximum",
    )
)


@planted(SUB, "dy", "sign")
def sub_adds(dout, _):
    return dout, dout


def summed(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1:
            gradient = gradient.sum(axis=i, keepdims=True)
    return gradient


def scale_backward(dout, cache):
    x, y = cache
    return summed(dout * y, x.shape), summed(dout * x, y.shape)


SCALE = right(OpSpec(MUL.forward, scale_backward, broadcastable(), name="scale"))


@planted(SCALE, "dx", "axis-not-summed")
def scale_leaves_broadcast_axes(dout, cache):
    x, y = cache
    return dout * y, summed(dout * x, y.shape)


@planted(SCALE, "dy", "wrong-shape")
def scale_forgets_leading_axes(dout, cache):
    x, y = cache
    dy = summed(dout * x, y.shape)
    return summed(dout * y, x.shape), dy.reshape((1,) * (dout.ndim - y.ndim) + y.shape)


@planted(MAXIMUM, "dx", "ties")
def maximum_gives_both_all(dout, cache):
    x, y = cache
    return dout * (x >= y), dout * (y >= x)
