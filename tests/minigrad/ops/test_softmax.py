"""softmax and log_softmax: along every axis, for scores of any size, and in every float dtype."""

import numpy as np
import pytest

from minigrad.ops import softmax
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings, locked, slopes_agree

pytestmark = inf_and_nan_without_warnings

NAN, INF = np.nan, np.inf
each_name = pytest.mark.parametrize("name", ["softmax", "log_softmax"])


@each_name
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        ((), 0),
        ((), -1),
        ((4,), 0),
        ((1,), 0),
        ((0,), 0),
        ((2, 3), 0),
        ((2, 3), -1),
        ((2, 3, 4), 1),
        ((2, 0, 3), 1),
        ((0, 3), 1),
    ],
    ids=str,
)
def test_values_and_gradients_are_torchs(name, shape, dim):
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x, dim), draw(*shape))
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim), 100 * draw(*shape))


@each_name
@pytest.mark.parametrize(
    "row", [[1e4, -1e4], [-INF, 1], [-INF, -INF], [INF, 1], [INF, INF], [NAN, 1], [1e300, 1e300]], ids=str
)
def test_extreme_scores(name, row):
    agrees_with_torch(lambda lib, x: getattr(x, name)(0), np.array(row))


@each_name
@pytest.mark.parametrize(("shape", "axis"), [((4,), 0), ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), 2), ((), None)])
def test_the_bare_backward_is_the_slope(name, shape, axis):
    slopes_agree(getattr(softmax, f"{name}_forward"), getattr(softmax, f"{name}_backward"), draw(*shape), axis=axis)


@each_name
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("shape", [(2, 3), ()])
def test_the_dtype_stays(name, dtype, shape):
    x = locked(draw(*shape).astype(dtype))
    y, cache = getattr(softmax, f"{name}_forward")(x[()], axis=-1 if shape else None)
    assert (y.dtype, getattr(softmax, f"{name}_backward")(np.ones_like(y), cache).dtype) == (dtype, dtype)
