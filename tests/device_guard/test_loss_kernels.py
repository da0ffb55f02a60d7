"""Cross-entropy on a device: its kernels give what the portable lines give on the host, for all scores and labels."""

import numpy as np
import pytest

from minigrad.kernels.kernel import Kernel
from minigrad.ops import loss
from tests.minigrad.parity import draw, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

BY_KERNEL = ["cross_entropy_forward", "cross_entropy_backward"]


@pytest.fixture
def launched(monkeypatch):
    """The names of the kernels that were launched."""
    names, launch = [], Kernel.__call__

    def noted(self, *args, **settings):
        names.append(self.name)
        return launch(self, *args, **settings)

    monkeypatch.setattr(Kernel, "__call__", noted)
    return names


def same(cupy, x, y, reduction="mean", view=lambda array: array):
    """Run on both, and compare."""
    out, cache = loss.cross_entropy_forward(view(x), view(y), reduction=reduction)
    dout = draw(*out.shape, seed=3).astype(x.dtype)
    dx, *_ = loss.cross_entropy_backward(dout, cache)
    there, cache = loss.cross_entropy_forward(view(cupy.asarray(x)), view(cupy.asarray(y)), reduction=reduction)
    dx_there, *rest = loss.cross_entropy_backward(cupy.asarray(dout), cache)
    assert rest == [None, None]
    ulp = 8 * np.finfo(x.dtype).eps  # a row's sum is taken in another order
    np.testing.assert_allclose(there.get(), out, rtol=ulp, atol=ulp)
    np.testing.assert_allclose(dx_there.get(), dx, rtol=ulp, atol=ulp)
    assert there.dtype == out.dtype and dx_there.dtype == dx.dtype and dx_there.shape == dx.shape


@pytest.mark.parametrize("classes", [1, 2, 4, 10, 64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_kernels_equal_the_portable_lines(classes, reduction, launched, cupy):
    rng = np.random.default_rng(classes)
    for dtype, whole in ((np.float32, np.int64), (np.float64, np.int32), (np.float32, np.uint8)):
        x, y = 5 * draw(7, classes).astype(dtype), rng.integers(0, classes, 7).astype(whole)
        same(cupy, x, y, reduction)
        same(cupy, x, y, reduction, view=lambda array: array[::-2])
    assert launched == BY_KERNEL * 6


def test_scores_that_are_no_numbers(launched, cupy):
    rows = [[1000, 0, -1000], [np.inf, 0, 1], [-np.inf, 0, 1], [np.nan, 0, 1], [0, np.nan, 1], [-np.inf] * 3]
    for label in range(3):
        same(cupy, np.array(rows, np.float32), np.full(len(rows), label), "none")
    same(cupy, np.zeros((0, 3)), np.zeros(0, int), "sum")
    assert launched == BY_KERNEL * 4


@pytest.mark.parametrize(
    ("x", "y", "settings"),
    [
        (draw(3, 65), [0, 64, 5], {}),
        (draw(2, 3, 4), [[0, 1, 2, 1]] * 2, {}),
        (draw(3), 2, {}),
        (draw(3, 4), [0, 3, 1], {"label_smoothing": 0.1}),
        (draw(3, 4), [0, 3, 1], {"ignore_index": 1}),
        (draw(3, 4).astype(np.float16), [0, 3, 1], {}),
    ],
)
def test_what_the_kernels_do_not_take_is_left_to_the_portable_lines(x, y, settings, launched, cupy):
    out, cache = loss.cross_entropy_forward(x, np.array(y), **settings)
    there, its_cache = loss.cross_entropy_forward(cupy.asarray(x), cupy.asarray(np.array(y)), **settings)
    dx, *_ = loss.cross_entropy_backward(np.ones_like(out), cache)
    dx_there, *_ = loss.cross_entropy_backward(cupy.ones_like(there), its_cache)
    ulp = 16 * np.finfo(x.dtype).eps
    np.testing.assert_allclose(there.get(), out, rtol=ulp)
    np.testing.assert_allclose(dx_there.get(), dx, rtol=ulp, atol=ulp, strict=True)
    assert not launched


def test_a_label_that_is_no_class_reads_nothing(cupy):
    """Who writes into memory and tells nobody gets NaN, and not what lies beside the scores."""
    x, y = cupy.asarray(draw(3, 4)), cupy.asarray(np.array([0, 1, 2]))
    loss.cross_entropy_forward(x, y)
    y[1:] = cupy.asarray(np.array([4, -1]))
    out, _ = loss.cross_entropy_forward(x, y, reduction="none")
    assert np.isnan(out.get()).tolist() == [False, True, True]
