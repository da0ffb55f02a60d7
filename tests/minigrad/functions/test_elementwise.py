"""Functions of one tensor as they are called: names, arguments, dtypes that are kept, read as floats, or refused."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import elementwise
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

SMOOTH = sorted(name for name, row in elementwise.TABLE.items() if not row.stays)
ROUNDING = ["floor", "ceil", "trunc", "round"]
POINTS = np.array([-np.inf, -1000.0, -2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 3.49, 1000.0, np.inf, np.nan])


@pytest.mark.parametrize(("second", "first"), [("negative", "neg"), ("absolute", "abs")])
def test_two_names_are_one_thing(second, first):
    x = mg.tensor([-1.0, 2.0])
    for where in (mg, mg.Tensor):
        assert getattr(where, second)(x).tolist() == getattr(where, first)(x).tolist()


@pytest.mark.parametrize("sign", [operator.neg, operator.pos, abs])
def test_signs_are_operators(sign):
    agrees_with_torch(lambda lib, x: sign(x), draw(2, 3))
    agrees_with_torch(lambda lib, x: sign(x), np.array([-2, 0, 3]))


@pytest.mark.parametrize("name", ["neg", "abs", "positive", "exp", "floor", "round", "sign"])
@pytest.mark.parametrize("strange", [3.0, "a", None])
def test_what_is_no_tensor_is_refused_by_name(name, strange):
    with pytest.raises(TypeError, match=rf"^{name}: expected "):
        getattr(mg, name)(strange)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_float_and_its_gradient_keep_their_dtype(name, dtype):
    for shape in [(), (3,)]:
        x = mg.tensor(draw(*shape, low=0.2, high=0.8).astype(dtype), requires_grad=True)
        y = getattr(x, name)()
        y.sum().backward()
        assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("name", SMOOTH)
def test_integers_are_read_as_the_default_dtype(name, dtype):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), np.array([0, 1, 1], dtype), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ROUNDING)
def test_rounding_goes_where_torchs_goes_and_has_no_slope(name):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), POINTS)
    agrees_with_torch(lambda lib, x: getattr(x, name)(), POINTS.astype(np.float32))


@pytest.mark.parametrize("name", ["sign", *ROUNDING])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_what_is_whole_already_stays_as_it_is_in_memory_of_its_own(name, dtype):
    array = np.array([0, 1, 1], dtype)
    out = getattr(mg.tensor(array), name)()
    assert (out.dtype, out.tolist()) == (dtype, array.tolist())
    assert not np.shares_memory(getattr(mg.Tensor(array), name)().array, array)


@pytest.mark.parametrize("decimals", [-3, -1, 0, 1, 2])
def test_round_to_places_is_torchs(decimals):
    x = np.array([1234.5678, -0.125, 2.5, 15.0, -25.0, 0.0, np.inf, np.nan])
    agrees_with_torch(lambda lib, x: lib.round(x, decimals=decimals), x)
    agrees_with_torch(lambda lib, x: x.round(decimals=decimals), x)


def test_the_places_of_round_are_named():
    with pytest.raises(TypeError):
        mg.ones(2).round(1)
    with pytest.raises(TypeError, match=r"^round: "):
        mg.ones(2).round(decimals=1.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "erf"])
def test_what_is_bounded_neither_overflows_nor_is_nan_far_out(name, dtype):
    x = mg.tensor(np.array([-1e4, -1000, -100, 100, 1000, 1e4], dtype), requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = getattr(mg, name)(x)
        y.sum().backward()
    low = 0.0 if name == "sigmoid" else -1.0
    np.testing.assert_allclose(y.detach().numpy(), [low] * 3 + [1.0] * 3, atol=1e-40)
    np.testing.assert_allclose(x.grad.numpy(), 0, atol=1e-40)


def test_the_slope_of_a_root_is_infinite_at_0():
    agrees_with_torch(lambda lib, x: lib.sqrt(x), np.array([0.0, -0.0, 1e-300, np.inf]))
    agrees_with_torch(lambda lib, x: lib.sqrt(x * 0), np.array([0.0, 2.0]))  # inf * 0 is nan, and is seen
