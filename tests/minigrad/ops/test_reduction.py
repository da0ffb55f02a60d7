"""sum and mean over all, one or several axes, on shapes whose axes differ in length."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import reduction
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings

CASES = [
    ((), None),
    ((), 0),
    ((), -1),
    ((4,), None),
    ((4,), 0),
    ((2, 3), None),
    ((2, 3), 0),
    ((2, 3), 1),
    ((2, 3), -1),
    ((2, 3), -2),
    ((2, 3), (0, 1)),
    ((2, 3), ()),
    ((2, 3, 4), 1),
    ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (2, 0)),
    ((2, 3, 4), (-1, 1)),
    ((2, 3, 4), [0, 1]),
    ((2, 1, 4), 1),
    ((2, 1, 4), (0, 1)),
    ((0, 3), None),
    ((0, 3), 0),
    ((0, 3), 1),
    ((2, 0, 3), (0, 1)),
]
each_case = pytest.mark.parametrize(("shape", "dim"), CASES, ids=str)
each_op = pytest.mark.parametrize("name", ["sum", "mean"])
keepdims = pytest.mark.parametrize("keepdim", [False, True])


@each_op
@each_case
@keepdims
def test_values_and_gradients_are_torchs(name, shape, dim, keepdim):
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim=dim, keepdim=keepdim), draw(*shape))


@each_op
@pytest.mark.parametrize(
    ("shape", "axis"), [(s, a) for s, a in CASES if s != () and not isinstance(a, list) and 0 not in s], ids=str
)
@keepdims
def test_the_bare_pairs_backward_is_the_slope_of_its_forward(name, shape, axis, keepdim):
    forward, backward = getattr(reduction, f"{name}_forward"), getattr(reduction, f"{name}_backward")
    slopes_agree(forward, backward, draw(*shape), axis=axis, keepdims=keepdim)


@each_op
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("axis", [None, 0])
def test_the_bare_pairs_keep_the_dtype(name, dtype, axis):
    forward, backward = getattr(reduction, f"{name}_forward"), getattr(reduction, f"{name}_backward")
    out, cache = forward(locked(draw(2, 3).astype(dtype)), axis=axis)
    assert (out.dtype, backward(locked(np.ones_like(out)), cache).dtype) == (dtype, dtype)


@each_op
def test_numpys_names_of_the_arguments_work(name):
    x = mg.tensor(draw(2, 3))
    np.testing.assert_array_equal(
        getattr(x, name)(axis=1, keepdims=True).array, getattr(x, name)(dim=1, keepdim=True).array
    )


@each_op
def test_a_numpy_integer_is_a_dim(name):
    assert getattr(mg.ones(2, 3), name)(np.int64(1)).shape == (2,)


@each_op
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_that_of_the_result_and_the_gradient_keeps_the_inputs(name, dtype):
    agrees_with_torch(
        lambda lib, x: getattr(x, name)(dim=0, dtype=getattr(lib, np.dtype(dtype).name)),
        draw(2, 3).astype(np.float32),
        rtol=1e-6,
    )


def test_the_sum_of_bools_and_small_integers_is_int64():
    for array in (np.array([True, True, False]), np.array([200, 100], np.uint8), np.array([1, 2], np.int32)):
        agrees_with_torch(lambda lib, x: x.sum(), array)


def test_the_mean_of_integers_is_refused():
    with pytest.raises(mg.DtypeError, match=r"^mean: expected a floating-point tensor, got int64"):
        mg.tensor([1, 2]).mean()


def test_the_mean_of_many_float16_numbers_does_not_overflow():
    assert mg.full((4096,), 100.0, dtype=mg.float16).mean().item() == 100.0


@each_op
@pytest.mark.parametrize("dim", [2, -3, (0, 2)])
def test_an_axis_that_is_not_there_is_named(name, dim):
    with pytest.raises(IndexError, match=rf"^{name}: dim must lie in -2\.\.1, got"):
        getattr(mg.ones(2, 3), name)(dim)


@each_op
def test_an_axis_given_twice_is_named(name):
    with pytest.raises(mg.ShapeError, match=rf"^{name}: dim \(0, -2\) names an axis of \(2, 3\) twice"):
        getattr(mg.ones(2, 3), name)((0, -2))
