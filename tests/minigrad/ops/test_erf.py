"""erf is right to the last place, everywhere, in every dtype."""

import math

import numpy as np
import pytest

from minigrad.ops.erf import END, PER_UNIT, erf

POINTS = np.concatenate(
    [
        np.linspace(-END - 1, END + 1, 20001),
        (np.arange(END * PER_UNIT) + 0.5) / PER_UNIT,  # as far from the grid as can be
        [0.0, -0.0, 1e-300, -1e-20, np.inf, -np.inf, END],
    ]
)


@pytest.mark.parametrize(("dtype", "places"), [(np.float64, 2), (np.float32, 0.6), (np.float16, 0.6)])
def test_it_is_right_to_the_last_places(dtype, places):
    x = POINTS.astype(dtype)
    expected = np.array([math.erf(one) for one in x])
    out = erf(np, x)
    assert out.dtype == dtype
    tiny = float(np.finfo(dtype).smallest_normal)
    np.testing.assert_allclose(out, expected, rtol=places * np.finfo(dtype).eps, atol=tiny)
    np.testing.assert_array_equal(np.signbit(out), np.signbit(x))


def test_nan_stays_nan_and_shapes_stay():
    assert np.isnan(erf(np, np.array([np.nan]))).all()
    for shape in [(), (0,), (2, 0, 3), (2, 3)]:
        assert erf(np, np.ones(shape)).shape == shape
    assert erf(np, np.float32(0.5)) == np.float32(math.erf(0.5))
