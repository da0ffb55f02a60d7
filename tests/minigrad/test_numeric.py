"""Differences give the slopes that mathematics gives, and leave no trace in what they move."""

import numpy as np
import pytest

from minigrad.backend import DtypeError, ShapeError
from minigrad.testing import directional_derivative, numeric_jacobian, numerical_gradient
from tests.minigrad.parity import draw

METHODS = {"central": 1e-8, "richardson": 1e-9, "complex": 1e-15}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
def test_every_method_gives_the_gradient_for_a_random_upstream(method, shape):
    x, upstream = draw(*shape), draw(*shape, seed=1)
    found = numerical_gradient(lambda x: np.sin(x) * x, x, upstream, method=method)
    np.testing.assert_allclose(
        found, upstream * (np.cos(x) * x + np.sin(x)), rtol=METHODS[method], atol=METHODS[method]
    )


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e8])
def test_the_step_grows_with_the_value(scale):
    x = np.array([scale, -2 * scale])
    np.testing.assert_allclose(numerical_gradient(lambda x: x**3, x), 3 * x**2, rtol=1e-4)


def test_richardson_is_closer_where_the_function_is_curved():
    x, steep = np.array([0.3]), 200.0
    right = steep * np.cos(steep * x)
    off = [abs(numerical_gradient(lambda x: np.sin(steep * x), x, h=1e-3, method=m) - right)[0] for m in METHODS]
    assert off[1] < off[0] / 50
    assert off[2] < 1e-10


def test_float32_is_moved_by_the_step_that_was_stored():
    x = np.array([1.0, 3.0, 100.0], np.float32)
    found = numerical_gradient(lambda x: x.astype(float) ** 2, x, h=1e-3)
    np.testing.assert_allclose(found, 2 * x, rtol=1e-6)


def test_the_jacobian_of_a_matrix_product_is_the_matrix():
    w, x = draw(3, 2), draw(3)
    np.testing.assert_allclose(numeric_jacobian(lambda x: x @ w, x), w, rtol=1e-8)


def test_the_slope_along_a_line_is_the_gradient_times_the_line():
    x, line, upstream = draw(40, 50), draw(40, 50, seed=1), draw(40, 50, seed=2)
    slope = directional_derivative(np.tanh, x, line, upstream)
    np.testing.assert_allclose(slope, np.sum(upstream * (1 - np.tanh(x) ** 2) * line), rtol=1e-7)


@pytest.mark.parametrize("function", [numerical_gradient, numeric_jacobian])
def test_x_comes_back_as_it_was_even_after_an_error(function):
    x = draw(4)
    before = x.copy()

    def fails_later(x):
        if x[2] != before[2]:
            raise KeyError("ours")
        return x

    with pytest.raises(KeyError):
        function(fails_later, x)
    np.testing.assert_array_equal(x, before)


def test_a_function_may_return_its_own_buffer_or_x_itself():
    buffer = np.empty(3)
    x = draw(3)
    np.testing.assert_allclose(numerical_gradient(lambda x: np.multiply(x, 3, out=buffer), x), 3, rtol=1e-9)
    np.testing.assert_allclose(numerical_gradient(lambda x: x, x), 1, rtol=1e-9)


def test_what_cannot_be_moved_or_does_not_fit_is_an_error():
    locked = np.ones(2)
    locked.flags.writeable = False
    with pytest.raises(DtypeError, match="int64, where x \\+ h is x"):
        numerical_gradient(np.sin, np.arange(3))
    with pytest.raises(TypeError, match="must be a NumPy array, because it is changed in place, got list"):
        numerical_gradient(np.sin, [1.0])
    with pytest.raises(ValueError, match="read-only"):
        numerical_gradient(np.sin, locked)
    with pytest.raises(ShapeError, match=r"upstream must have the shape of f\(x\), \(3,\), got \(2,\)"):
        numerical_gradient(np.sin, np.ones(3), np.ones(2))
    with pytest.raises(ShapeError, match="direction must have the shape of x"):
        directional_derivative(np.sin, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="method must be one of central, richardson, complex, got 'forward'"):
        numerical_gradient(np.sin, np.ones(3), method="forward")
    with pytest.raises(TypeError, match="complex numbers"):
        numerical_gradient(lambda x: np.abs(x), np.ones(3), method="complex")
