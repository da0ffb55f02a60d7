"""max, min, median, sort and topk along an axis: what they pick, where it was, and who gets the gradient."""

import numpy as np
import pytest

from minigrad.ops import ordering
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, slopes_agree

pytestmark = inf_and_nan_without_warnings

NAN, INF = np.nan, np.inf
CASES = [
    ((), 0),
    ((), -1),
    ((4,), 0),
    ((1,), 0),
    ((2, 3), 0),
    ((2, 3), 1),
    ((2, 3, 4), 1),
    ((2, 3, 4), -1),
    ((2, 5), -1),
]
each_case = pytest.mark.parametrize(("shape", "dim"), [*CASES, ((0, 3), 1), ((2, 0, 3), 2), ((2, 0, 3), 0)], ids=str)
each_axis = pytest.mark.parametrize(("shape", "axis"), [((4,), 0), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), 2)])
SPECIAL = np.array(
    [[1.0, 3, 3, 2], [-1, -1, -1, 2], [INF, 1, INF, 1], [-INF, 1, 1, -INF], [2, 2, 2, 2], [0, -0.0, 1, 0]]
)
NANS = np.array([[1.0, NAN, NAN, 2], [NAN, INF, 1, -INF], [NAN, NAN, NAN, NAN], [3, 1, 2, NAN]])


@pytest.mark.parametrize("name", ["max", "min", "median"])
@each_case
@pytest.mark.parametrize("keepdim", [False, True])
def test_one_element_along_a_dim_is_torchs(name, shape, dim, keepdim):
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim, keepdim), draw(*shape))


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_first_of_equal_ones_and_of_nans_takes_all(name):
    for array in (SPECIAL, NANS):
        agrees_with_torch(lambda lib, x: getattr(x, name)(1), array)
        agrees_with_torch(lambda lib, x: getattr(x, name)(0), array.T)


def test_the_median_of_equal_ones_and_of_nans():
    agrees_with_torch(lambda lib, x: x.median(1), NANS)
    agrees_with_torch(lambda lib, x: x.median(1).values.detach(), SPECIAL)
    (values, indices), _ = ordering.median_forward(np.array([[5.0, 2, 2, 2, 1]]), axis=1)
    assert values.tolist() == [2.0] and indices[0] in (1, 2, 3)


@each_case
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_is_torchs(shape, dim, descending):
    agrees_with_torch(lambda lib, x: x.sort(dim, descending), draw(*shape))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8, bool])
def test_equal_elements_keep_their_order(descending, dtype):
    array = (np.arange(60) * 7 % 5 > np.arange(60) % 3).reshape(4, 15).astype(dtype)
    agrees_with_torch(lambda lib, x: lib.sort(x, dim=1, descending=descending, stable=True), array)
    if dtype is np.float64:
        for special in (SPECIAL, NANS):
            agrees_with_torch(lambda lib, x: lib.sort(x, stable=True, dim=1, descending=descending), special)


@pytest.mark.parametrize(("shape", "dim"), CASES, ids=str)
@pytest.mark.parametrize("largest", [False, True])
def test_the_first_k_are_torchs(shape, dim, largest):
    length = shape[dim] if shape else 1
    for k in range(0 if shape else 1, length + 1):
        agrees_with_torch(lambda lib, x, k=k: x.topk(k, dim, largest), draw(*shape))
    for k in (1, 2, 3, 4):
        for special in (NANS, SPECIAL):
            agrees_with_torch(lambda lib, x, k=k: x.topk(k, 1, largest).values.detach(), special)
            values, indices = ordering.topk_forward(special, k, 1, largest)[0]
            np.testing.assert_array_equal(np.take_along_axis(special, indices, 1), values)
            assert all(len(set(row)) == k for row in indices.tolist())


@pytest.mark.parametrize("name", ["max", "min", "median"])
@each_axis
@pytest.mark.parametrize("keepdims", [False, True])
def test_the_bare_backward_of_one_is_its_slope(name, shape, axis, keepdims):
    forward, backward = values_alone(name)
    slopes_agree(forward, backward, draw(*shape), axis=axis, keepdims=keepdims)


@pytest.mark.parametrize(
    ("name", "settings"), [("sort", {"descending": True}), ("sort", {}), ("topk", {"k": 2})], ids=str
)
@each_axis
def test_the_bare_backward_of_several_is_its_slope(name, settings, shape, axis):
    forward, backward = values_alone(name)
    slopes_agree(forward, backward, draw(*shape), axis=axis, **({"k": 2} if name == "topk" else settings))


def values_alone(name):
    """The pair without its indices."""

    def forward(x, **settings):
        (values, _), cache = getattr(ordering, f"{name}_forward")(x, **settings)
        return values, cache

    return forward, lambda dout, cache: getattr(ordering, f"{name}_backward")((dout, None), cache)
