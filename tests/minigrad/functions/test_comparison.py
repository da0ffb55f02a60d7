"""isclose, allclose and equal: tolerances, infinities, nan, shapes."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draws

X = np.array([1.0, 1.0, -1.0, 0.0, np.inf, np.inf, np.nan, np.inf, 0.0])
Y = np.array([1.0, 1.00001, -1.1, 1e-8, np.inf, -np.inf, np.nan, 3.0, 1.1e-8])


@pytest.mark.parametrize("settings", [{}, {"rtol": 0.2}, {"rtol": 0, "atol": 1e-4}, {"equal_nan": True}], ids=str)
def test_what_is_close_is_torchs(settings):
    def closeness(lib, x, y):
        x, y = x.detach(), y.detach()
        return [lib.isclose(x, y, **settings), y.isclose(x, **settings)]

    agrees_with_torch(closeness, X, Y)
    agrees_with_torch(closeness, X[:, None], Y)


def test_closeness_is_measured_by_the_second(torch):
    for lib in (mg, torch):
        x, y = lib.tensor([10.0]), lib.tensor([11.0])
        assert (lib.allclose(x, y, rtol=0.095), lib.allclose(y, x, rtol=0.095)) == (True, False)


def test_all_close_and_equal_are_bools():
    x, y = map(mg.tensor, draws((2, 3), (2, 3)))
    assert mg.allclose(x, x + 1e-9) is True
    assert x.allclose(y) is False
    assert mg.equal(x, x) is True
    assert x.equal(y) is False
    assert mg.equal(mg.ones(2, 3), mg.ones(3)) is False  # which would broadcast
    assert mg.equal(mg.tensor([mg.nan]), mg.tensor([mg.nan])) is False
    assert mg.equal(mg.tensor([1]), mg.tensor([1.0])) is True


def test_what_is_refused():
    with pytest.raises(mg.ShapeError, match=r"^isclose: the shapes \(2,\) and \(3,\) do not broadcast"):
        mg.allclose(mg.ones(2), mg.ones(3))
    with pytest.raises(ValueError, match=r"^isclose: rtol and atol must not be negative, got -1 and 1e-08"):
        mg.ones(2).isclose(mg.ones(2), rtol=-1)
    for compare in (mg.isclose, mg.allclose, mg.equal):
        with pytest.raises(TypeError, match=r"^(isclose|equal): expected a second tensor, got a float"):
            compare(mg.ones(2), 1.0)
