"""The stand-in's kernels: they calculate what their lines say, and what a GPU would do in silence is an error."""

import numpy as np
import pytest

from minigrad.kernels.kernel import Kernel
from tests.device_guard.both import only_on_the_stand_in


@pytest.fixture
def x(cupy):
    return cupy.asarray(np.arange(6.0).reshape(2, 3))


def test_plain_arrays_are_broadcast_and_raw_ones_are_read_as_a_whole(x, cupy):
    kernel = Kernel("sums", "T x, T row, raw T y, int32 n", "T out", "out = factor * x + row + y[(i + 1) % n];")
    y = cupy.asarray(np.array([10.0, 20.0]))
    for dtype in (np.float16, np.float32, np.float64, np.int64):
        a, b, c = (array.astype(dtype) for array in (x, x[0], y))
        out = kernel(a, b, c, 2, factor=3)
        expected = 3 * np.arange(6).reshape(2, 3) + np.arange(3) + [[20, 10, 20], [10, 20, 10]]
        np.testing.assert_array_equal(out.get(), expected)
        assert out.dtype == dtype
    out = cupy.zeros((3, 2)).T
    assert kernel(x, x[0], y, 2, out, factor=3) is out and (out.get() == expected).all()


def test_all_raw_with_a_size_and_two_outputs(x, cupy):
    kernel = Kernel("both", "raw T x", "raw T twice, raw S index", "twice[i] = 2 * x[i]; index[i] = 10 * i;")
    twice, index = cupy.zeros(3), cupy.zeros(3, np.int32)
    kernel(x, twice, index, size=3)
    assert twice.tolist() == [0, 2, 4] and index.tolist() == [0, 10, 20]


@only_on_the_stand_in
def test_what_a_gpu_would_do_in_silence_is_an_error(x, cupy):
    with pytest.raises(IndexError, match="out of range"):
        Kernel("beyond", "raw T x", "raw T out", "out[i] = x[i + 1];")(x, cupy.zeros(6), size=6)
    double = Kernel("double", "T x", "T out", "out = 2 * x;")
    for wrong in (lambda: double(np.ones(3)), lambda: double(x, x.astype(np.float32)), lambda: double(x, x[0])):
        with pytest.raises((TypeError, ValueError)):
            wrong()
    with pytest.raises(TypeError, match="contiguous"):
        Kernel("raw", "raw T x", "raw T out", "out[i] = x[i];")(x.T, x, size=6)
    with pytest.raises(SyntaxError, match="nothing"):
        Kernel("wrong", "T x", "T out", "out = nothing;")(x)
