"""add, sub, mul, div and pow: broadcasting, numbers, and the corners of pow and div."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import arithmetic
from tests.minigrad.parity import agrees_with_torch, draws, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings

OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
SHAPES = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),  # a leading axis is missing
    ((3,), (2, 3)),
    ((2, 3), ()),
    ((), (2, 3)),
    ((2, 3), (2, 1)),  # an axis of length 1 is stretched
    ((2, 1), (1, 3)),  # both are
    ((1,), (4, 2, 1)),
    ((4, 1, 3), (2, 1)),
    ((0, 3), (3,)),
    ((0, 3), (1, 1)),
]
each_op = pytest.mark.parametrize("name", OPERATORS)


def pair(name):
    return getattr(arithmetic, f"{name}_forward"), getattr(arithmetic, f"{name}_backward")


@each_op
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_values_and_gradients_are_torchs_for_all_broadcasts(name, shapes):
    x, y = draws(*shapes, low=0.5)
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), x, y)


@each_op
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_the_bare_pairs_backward_is_the_slope_of_its_forward(name, shapes):
    slopes_agree(*pair(name), *draws(*shapes, low=0.5))


@each_op
@pytest.mark.parametrize("number", [3, 2.5, 1])
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_a_number_on_either_side(name, number, shape):
    op = OPERATORS[name]
    (x,) = draws(shape, low=0.5)
    agrees_with_torch(lambda lib, x: op(x, number), x)
    agrees_with_torch(lambda lib, x: op(number, x), x)


@each_op
def test_a_tensor_with_itself_collects_both_gradients(name):
    op = OPERATORS[name]
    agrees_with_torch(lambda lib, x: op(x, x), *draws((2, 3), low=0.5))


@pytest.mark.parametrize("name", [name for name in OPERATORS if name != "add"])  # add computes nothing to leave out
@pytest.mark.parametrize("needs", [(True, False), (False, True), (True, True)])
def test_what_is_not_needed_may_be_missing_and_the_rest_is_the_same(name, needs):
    forward, backward = pair(name)
    x, y, dout = draws((2, 3), (2, 3), (2, 3), low=0.5)
    _, cache = forward(x, y)
    for needed, gradient, full in zip(needs, backward(dout, cache, needs=needs), backward(dout, cache), strict=True):
        if needed:
            np.testing.assert_array_equal(gradient, full)


@each_op
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("number", [None, 2, 2.0])
def test_the_bare_pairs_keep_float32(name, shape, number):
    forward, backward = pair(name)
    x, y = (locked(array.astype(np.float32)) for array in draws(shape, shape, low=0.5))
    for operands in [(x, y)] if number is None else [(x, number), (number, x)]:
        out, cache = forward(*operands)
        gradients = backward(np.ones_like(out), cache)
        assert out.dtype == np.float32
        assert [g.dtype for g, x in zip(gradients, operands, strict=True) if x is not number] == [np.float32] * (
            2 if number is None else 1
        )


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, 2.0, -2.0])
@pytest.mark.parametrize("y", [0.0, 0.5, 1.0, 2.0, 3.0, -1.0, -2.0])
def test_pow_has_torchs_corners(x, y):
    base, exponent = np.array([x, 1.5]), np.array([y, 2.0])
    agrees_with_torch(lambda lib, x, y: x**y, base, exponent)
    if (str(x), y) != ("-0.0", 0.5):  # PyTorch reads ** 0.5 as a square root, whose slope at -0.0 is -inf
        agrees_with_torch(lambda lib, base: base**y, base)
    agrees_with_torch(lambda lib, exponent: x**exponent, exponent)


@pytest.mark.parametrize("y", [0, 1, 2, 3, -1])
def test_pow_with_whole_numbers_at_0(y):
    agrees_with_torch(lambda lib, x: x**y, np.array([0.0, 1.5, -3.0]))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_infinities_nan_and_zeros_go_through_as_in_torch(name):
    special = np.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan])
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), *np.meshgrid(special, special))


@each_op
def test_shapes_that_do_not_broadcast_are_named(name):
    with pytest.raises(mg.ShapeError, match=rf"{name}: .*\(2, 3\).*\(4,\)"):
        getattr(mg, name)(mg.ones(2, 3), mg.ones(4))


def test_integers_are_not_raised_to_negative_powers():
    with pytest.raises(ValueError, match=r"^pow: .*negative.*int64 \(1,\), -1"):
        mg.tensor([2]) ** -1


def test_logaddexp_neither_overflows_nor_loses_the_smaller_one():
    x, y = np.array([1000.0, -1000.0, 0.0, np.inf, -np.inf]), np.array([1000.0, -1001.0, 800.0, 0.0, 3.0])
    out, cache = arithmetic.logaddexp_forward(x, y)
    ln = np.log
    np.testing.assert_allclose(out, [1000 + ln(2), -1000 + ln(1 + np.exp(-1)), 800, np.inf, 3])
    dx, dy = arithmetic.logaddexp_backward(np.ones(5), cache)
    np.testing.assert_allclose(dx, [0.5, 1 / (1 + np.exp(-1)), 0, 1, 0], atol=1e-300)
    np.testing.assert_allclose(dx + dy, 1)
