"""Running sums and products along every axis; products through zeros."""

import numpy as np
import pytest

from minigrad.ops import cumulative
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, slopes_agree

pytestmark = inf_and_nan_without_warnings

each_name = pytest.mark.parametrize("name", ["cumsum", "cumprod"])


@each_name
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        ((), 0),
        ((4,), 0),
        ((1,), 0),
        ((0,), 0),
        ((2, 3), 0),
        ((2, 3), -1),
        ((2, 3, 4), 1),
        ((2, 0, 3), 1),
        ((2, 0, 3), 2),
    ],
    ids=str,
)
def test_values_and_gradients_are_torchs(name, shape, dim):
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim), draw(*shape))


@each_name
@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), 2)])
def test_the_bare_backward_is_the_slope(name, shape, axis):
    pair = getattr(cumulative, f"{name}_forward"), getattr(cumulative, f"{name}_backward")
    slopes_agree(*pair, draw(*shape), axis=axis)


@pytest.mark.parametrize("row", [[2.0, 0, 3, 0, 2], [0.0, 2, 3, 1, 2], [1.0, 2, 3, 2, 0], [0.0, 0, 0, 0, 0]], ids=str)
def test_a_running_product_through_zeros(row):
    agrees_with_torch(lambda lib, x: x.cumprod(0), np.array(row))
    agrees_with_torch(lambda lib, x: x.cumprod(1), np.array([row, [1.0, 2, 3, 4, 5]]))


@each_name
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_dtype_stays(name, dtype):
    x = draw(2, 3).astype(dtype)
    y, cache = getattr(cumulative, f"{name}_forward")(x, axis=1)
    assert (y.dtype, getattr(cumulative, f"{name}_backward")(np.ones_like(y), cache).dtype) == (dtype, dtype)
