"""Images in every memory order, and settings that make the fast ops cut them into small and odd pieces."""

import numpy as np
import pytest

from minigrad import threads
from minigrad.ops import convolution, pooling
from tests.minigrad.parity import locked, strided


def batch_innermost(array: np.ndarray) -> np.ndarray:
    """A locked copy (N, C, ...) whose memory is (C, ..., N)."""
    view = np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0)
    view.flags.writeable = False
    return view


ORDERS = {"C order": locked, "strided": strided, "batch innermost": batch_innermost}


@pytest.fixture(params=["at once", "in small pieces", "shared by three threads"])
def pieces(request, monkeypatch):
    """The work is done at once, in pieces of a pixel or two, or in pieces by three threads."""
    if request.param != "at once":
        for module, name in ((convolution, "CACHE_BYTES"), (convolution, "ROW_BYTES"), (pooling, "CACHE_BYTES")):
            monkeypatch.setattr(module, name, 150)
        monkeypatch.setattr(convolution, "FEWEST_PIXELS", 2)
    if request.param == "shared by three threads":
        before = threads.get_num_threads()
        monkeypatch.setattr(threads, "WORTH_SHARING", 0)
        threads.set_num_threads(3)
        request.addfinalizer(lambda: threads.set_num_threads(before))


def same(actual, expected, rtol=1e-9, atol=1e-11):
    """One array, or a tuple of them with None at the same places, has the shapes, dtypes and values expected."""
    actual, expected = (one if isinstance(one, tuple) else (one,) for one in (actual, expected))
    assert [one is None for one in actual] == [one is None for one in expected]
    for mine, other in zip(actual, expected, strict=True):
        if mine is not None:
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)
