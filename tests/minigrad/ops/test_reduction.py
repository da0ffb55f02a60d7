"""Reductions over all, one or several axes, on shapes whose axes differ in length; their kinks and corners."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import reduction
from tests.minigrad.parity import agrees_with_torch, draw, for_every, inf_and_nan_without_warnings, locked, slopes_agree

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
each_op = pytest.mark.parametrize("name", ["sum", "mean"])
PAIRS = ["sum", "mean", "amax", "amin", "var", "std", "logsumexp", "norm", "prod"]
each_pair = pytest.mark.parametrize("name", PAIRS)
NAN, INF = np.nan, np.inf


@each_op
@for_every(case=CASES, keepdim=[False, True])
def test_values_and_gradients_are_torchs(name, case, keepdim):
    shape, dim = case
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim=dim, keepdim=keepdim), draw(*shape))


@each_pair
@for_every(case=[(s, a) for s, a in CASES if s != () and not isinstance(a, list) and 0 not in s], keepdim=[False, True])
def test_the_bare_pairs_backward_is_the_slope_of_its_forward(name, case, keepdim):
    shape, axis = case
    if name == "prod" and isinstance(axis, tuple):
        return  # one axis, or all
    forward, backward = getattr(reduction, f"{name}_forward"), getattr(reduction, f"{name}_backward")
    slopes_agree(forward, backward, draw(*shape), axis=axis, keepdims=keepdim)


@each_pair
@for_every(dtype=[np.float16, np.float32, np.float64], axis=[None, 0])
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


def test_a_float16_gradient_is_shared_among_more_numbers_than_float16_can_count():
    x = mg.ones(2**17, dtype=mg.float16, requires_grad=True)
    x.mean().backward()
    assert (x.grad.dtype, x.grad.unique().tolist()) == (mg.float16, [2**-17])


@each_op
@pytest.mark.parametrize("dim", [2, -3, (0, 2)])
def test_an_axis_that_is_not_there_is_named(name, dim):
    with pytest.raises(IndexError, match=rf"^{name}: dim must lie in -2\.\.1, got"):
        getattr(mg.ones(2, 3), name)(dim)


@each_op
def test_an_axis_given_twice_is_named(name):
    with pytest.raises(mg.ShapeError, match=rf"^{name}: dim \(0, -2\) names an axis of \(2, 3\) twice"):
        getattr(mg.ones(2, 3), name)((0, -2))


# -- each one's corners ------------------------------------------------------------------------------------------------


def torchs(call, *rows):
    """`call(lib, x)` agrees with PyTorch's on each of the rows."""
    for row in rows:
        agrees_with_torch(call, np.array(row, dtype=np.float64))


ZEROS = ([0.0, 2, 3], [2.0, 0, 3], [0.0, 0, 3], [0.0, 0, 0], [INF, 0, 3], [NAN, 0, 3], [1e-200, 1e-200, 0])
TIES = ([1.0, 3, 3, 2], [-1.0, -1, -1, 2], [0.0, -0.0, 0, 0], [INF, 1, INF, 1], [-INF, 1, 1, -INF], [2.0, 2, 2, 2])
CONSTANTS = ([2.0, 2, 2], [0.0, 0, 0], [3.0], [1e8, 1e8 + 1, 1e8 + 2], [INF, 1, 2], [NAN, 1, 2])


@pytest.mark.parametrize("dim", [(), (0,)])
def test_a_product_of_zeros_has_the_slope_of_the_others(dim):
    torchs(lambda lib, x: x.prod(*dim), *ZEROS)
    agrees_with_torch(lambda lib, x: x.prod(0), np.array(ZEROS).T)
    agrees_with_torch(lambda lib, x: x.prod(1, keepdim=True), np.array(ZEROS))


def test_a_product_that_underflows_keeps_its_slopes():
    x = np.array([1e-200, 1e-200, 3.0])
    np.testing.assert_allclose(
        reduction.prod_backward(np.float64(1), reduction.prod_forward(x)[1]), [3e-200, 3e-200, 0], rtol=1e-12
    )


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("dim", [None, 0])
def test_equal_extremes_share_equally(name, dim):
    torchs(lambda lib, x: getattr(x, name)(dim), *TIES)
    agrees_with_torch(lambda lib, x: getattr(x, name)((0, 2), True), np.round(draw(3, 2, 4)))


@pytest.mark.parametrize("name", ["max", "min", "median"])
def test_equal_elements_of_all_share_equally(name):
    torchs(lambda lib, x: getattr(x, name)(), *TIES, [1.0, NAN, NAN, 2], [[NAN, NAN], [3, 1]], [[1.0, 1], [3, 1]], 2.0)


def test_a_nan_is_the_extreme_and_takes_the_gradient():
    for forward, backward in [
        (reduction.amax_forward, reduction.amax_backward),
        (reduction.amin_forward, reduction.amin_backward),
    ]:
        out, cache = forward(np.array([[1.0, NAN, NAN], [1, 2, 3]])[:1], axis=1)
        assert np.isnan(out).all()
        assert backward(np.array([4.0]), cache).tolist() == [[0.0, 2.0, 2.0]]


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("correction", [0, 1, 0.5])
@pytest.mark.filterwarnings("ignore:(var|std).*degrees of freedom:UserWarning")  # PyTorch's, of one element
def test_variance_of_constants_of_one_and_of_what_is_not_finite(name, correction):
    torchs(lambda lib, x: getattr(x, name)(correction=correction), *CONSTANTS)
    torchs(lambda lib, x: getattr(x, name)(0, correction=correction), *CONSTANTS)


@pytest.mark.parametrize("name", ["var", "std"])
def test_no_degrees_of_freedom_give_inf_or_nan_and_never_a_negative_variance(name):
    out, cache = getattr(reduction, f"{name}_forward")(np.array([1.0, 2.0]), correction=5)
    assert out == INF
    assert not np.isfinite(getattr(reduction, f"{name}_backward")(out, cache)).any()


@pytest.mark.parametrize("dim", [0, (0,), (0, 1)])
def test_logsumexp_neither_overflows_nor_loses_infinities(dim):
    rows = ([1000.0, 1001], [-1000.0, -1001], [-INF, 1], [INF, -INF], [INF, INF], [-INF, -INF], [NAN, 1], [INF, 1])
    for row in rows:
        x = np.array(row) if dim != (0, 1) else np.array([row])
        agrees_with_torch(lambda lib, x: x.logsumexp(dim), x)


POWERS = [2, 1, INF, -INF, 0, 3, 2.5, 1.5, 0.5, -1, -2, "fro"]


@pytest.mark.parametrize("p", POWERS)
@for_every(case=CASES)
def test_norms_are_torchs(p, case):
    shape, dim = case
    if not (0 in shape and p in (INF, -INF, -1, -2)):
        agrees_with_torch(lambda lib, x: x.norm(p, dim), draw(*shape))
        agrees_with_torch(lambda lib, x: x.norm(p, dim, keepdim=True), draw(*shape))


@pytest.mark.parametrize("p", POWERS)
def test_the_slope_of_a_norm_at_its_kinks_is_torchs(p):
    torchs(lambda lib, x: x.norm(p), [0.0, 0, 0], [0.0, -1, 0.5], [1.0, -1, 0.5], [-0.5, 0.5, -0.5], 0.0, -2.0)
    agrees_with_torch(lambda lib, x: x.norm(p, 1), np.array([[0.0, 0], [0, 1], [1, 1], [-1, 2]]))
    if p in (2, 1, INF, -INF):
        torchs(lambda lib, x: x.norm(p), [INF, -1, 0.5])
    if p == 2:  # the others are made of sign(x), which is nan at nan here
        torchs(lambda lib, x: x.norm(p), [NAN, 1, 0.0])


@pytest.mark.parametrize("p", [3, 2.5, 1.5, 0.5, -1, 1, 2, INF])
def test_the_bare_norm_is_its_slope(p):
    slopes_agree(reduction.norm_forward, reduction.norm_backward, draw(2, 3, 4), p=p, axis=(0, 2))
