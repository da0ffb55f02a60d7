"""The table of element-wise functions, and relu: values, slopes, boundary points, and extreme numbers."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import activation, elementwise
from minigrad.ops.erf import erf
from tests.minigrad.parity import agrees_with_torch, draw, for_every, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings

NAMES = [*elementwise.TABLE, "relu"]
DRAWN = {  # where they are defined and not too steep; the others on -2..2
    **dict.fromkeys(("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"), (0.3, 2)),
    **dict.fromkeys(("asin", "acos", "atanh"), (-0.9, 0.9)),
    "acosh": (1.2, 3),
    "tan": (-1.4, 1.4),
}
SHAPES = [(), (1,), (5,), (2, 3), (2, 1, 3), (0,), (2, 0, 3)]
each_function = pytest.mark.parametrize("name", NAMES)


def pair(name):
    return getattr(elementwise, f"{name}_forward"), getattr(elementwise, f"{name}_backward")


def inputs(name, shape):
    low, high = DRAWN.get(name, (-2, 2))
    return draw(*shape, low=low, high=high)


@each_function
@for_every(shape=SHAPES)
def test_values_and_gradients_are_torchs(name, shape):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), inputs(name, shape))


@each_function
@for_every(shape=SHAPES)
def test_the_bare_pairs_backward_is_the_slope_of_its_forward(name, shape):
    slopes_agree(*pair(name), inputs(name, shape))


@each_function
@for_every(dtype=[np.float16, np.float32, np.float64], shape=[(), (3,)])
def test_the_bare_pairs_keep_the_dtype(name, dtype, shape):
    forward, backward = pair(name)
    out, cache = forward(locked(inputs(name, shape).astype(dtype)))
    assert (out.dtype, backward(np.ones_like(out), cache).dtype) == (dtype, dtype)


@each_function
def test_the_method_is_the_function(name):
    x = mg.tensor(inputs(name, (3,)))
    np.testing.assert_array_equal(getattr(x, name)().array, getattr(mg, name)(x).array)


@each_function
def test_the_boundary_points_are_torchs(name):
    points = [-1.0, -0.0, 0.0, 1.0]
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), np.array(points))


@each_function
def test_infinities_are_torchs(name):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), np.array([-np.inf, -1e4, -800.0, 800.0, 1e4, np.inf]))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("sign",)])
def test_nan_comes_out_of_nan(name):
    forward, _ = pair(name)
    assert np.isnan(forward(np.array([np.nan]))[0]).all()


@pytest.mark.parametrize("name", ["abs", "relu", "sign"])
def test_the_slope_at_the_kink_is_0(name):
    x = mg.tensor([0.0, -0.0], requires_grad=True)
    getattr(mg, name)(x).backward(mg.tensor([3.0, -5.0]))
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["neg", "abs", "sign", "square", "relu"])
def test_integers_stay_integers(name):
    torch_like = {"neg": [2, 0, -3], "abs": [2, 0, 3], "sign": [-1, 0, 1], "square": [4, 0, 9], "relu": [0, 0, 3]}
    out = getattr(mg, name)(mg.tensor([-2, 0, 3]))
    assert (out.dtype, out.tolist()) == (mg.int64, torch_like[name])


@pytest.mark.parametrize("name", [name for name, row in elementwise.TABLE.items() if not row.stays])
def test_integers_are_read_as_float32(name):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), np.array([1, 2, 3]), rtol=1e-6)


def test_an_inverse_brings_back_what_went_in_and_its_slope_is_one_over_the_others():
    for name, x in (("sinh", np.linspace(-3, 3, 7)), ("cosh", np.linspace(0.2, 3, 7)), ("tanh", np.linspace(-2, 2, 7))):
        y, cache = getattr(elementwise, f"{name}_forward")(x)
        again, back = getattr(elementwise, f"a{name}_forward")(y)
        np.testing.assert_allclose(again, x, rtol=1e-12, atol=1e-12)
        slope = getattr(elementwise, f"{name}_backward")(np.ones(7), cache)
        np.testing.assert_allclose(getattr(elementwise, f"a{name}_backward")(np.ones(7), back), 1 / slope, rtol=1e-9)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("size", [elementwise.LARGE, elementwise.LARGE + 1, elementwise.LARGE + elementwise.BLOCK - 1])
@pytest.mark.parametrize("layout", [lambda x: x, lambda x: x.reshape(2, -1).T if x.size % 2 == 0 else x[::-1]])
def test_blocks_are_what_the_whole_is(layout, size, threads):
    x, dout = (layout(draw(size, seed=seed)) for seed in (0, 1))
    before = mg.get_num_threads()
    mg.set_num_threads(threads)
    try:
        for pair, whole in [
            (elementwise.pair("sigmoid"), lambda x: elementwise.logistic(np, x)),
            (elementwise.pair("erf"), lambda x: erf(np, x)),
            (activation.pair("gelu"), lambda x: activation.TABLE["gelu"].value(np, x)),
        ]:
            out, cache = pair[0](x)
            np.testing.assert_array_equal(out, whole(x))
            assert out.strides == x.strides or -out.strides[0] == x.strides[0]
        slope = activation.TABLE["gelu"].slope(np, x)
        for given in (dout, np.ascontiguousarray(dout), np.broadcast_to(2.0, x.shape), np.array(2.0)):
            np.testing.assert_array_equal(pair[1](given, cache), given * slope)
    finally:
        mg.set_num_threads(before)
