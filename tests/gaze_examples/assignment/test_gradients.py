"""The numeric gradients: right, and without a trace on the array that they move."""

import numpy as np
import pytest

from gaze_examples.assignment import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from minigrad.backend import DtypeError, ShapeError

QUIET = {"verbose": False}


def test_rel_error_is_the_largest_relative_difference():
    assert rel_error([1.0, 2.0], np.array([1.0, 2.2])) == pytest.approx(0.2 / 4.2)
    assert rel_error(0.0, 0.0) == 0
    assert rel_error(0.0, 1e-9) == pytest.approx(0.1)  # the denominator is never below 1e-8
    assert rel_error(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert np.isnan(rel_error([1.0, np.nan], [1.0, 2.0]))


def test_rel_error_refuses_to_broadcast():
    with pytest.raises(ShapeError, match=r"one shape, got \(1, 3\) and \(3,\)"):
        rel_error(np.zeros((1, 3)), np.zeros(3))


@pytest.mark.parametrize("value", [float, np.float64, np.asarray, lambda v: np.array([v])])
def test_the_gradient_of_a_number_whatever_form_it_comes_in(value):
    x = np.random.randn(3, 4)
    numeric = eval_numerical_gradient(lambda x: value(np.sum(x**3)), x, **QUIET)
    assert rel_error(numeric, 3 * x**2) < 1e-7


def test_verbose_prints_every_index_with_its_slope(capsys):
    eval_numerical_gradient(lambda x: 2.0 * x[0, 0] + 4.0 * x[0, 1], np.zeros((1, 2)))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(") ")[0] + ")" for line in lines] == ["(0, 0)", "(0, 1)"]
    assert [float(line.split(") ")[1]) for line in lines] == pytest.approx([2, 4])


def test_an_array_valued_function_is_weighted_by_df():
    x, df = np.random.randn(5), np.random.randn(2, 5)
    numeric = eval_numerical_gradient_array(lambda x: np.stack([np.sin(x), x**2]), x, df)
    assert rel_error(numeric, df[0] * np.cos(x) + df[1] * 2 * x) < 1e-7


def test_a_0d_value_and_a_0d_x():
    x = np.array(3.0)
    assert eval_numerical_gradient_array(lambda x: x * x, x, 2.0) == pytest.approx(12)
    assert eval_numerical_gradient(lambda x: x * x, x, **QUIET) == pytest.approx(6)


def test_a_function_that_returns_x_itself_or_one_buffer_again_and_again():
    x, df = np.random.randn(4), np.random.randn(4)
    buffer = np.empty(4)
    assert rel_error(eval_numerical_gradient_array(lambda x: x, x, df), df) < 1e-7
    assert rel_error(eval_numerical_gradient_array(lambda x: np.multiply(x, 2, out=buffer), x, df), 2 * df) < 1e-7


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_x_is_restored_bit_for_bit_even_if_f_raises(calls):
    x = np.random.randn(2, 3)
    x[0, 1] = -0.0
    before = x.tobytes()
    remaining = iter(range(calls))

    def breaks(x):
        if next(remaining, None) is None:
            raise RuntimeError("broken")
        return 0.0

    with pytest.raises(RuntimeError, match="broken"):
        eval_numerical_gradient(breaks, x, **QUIET)
    assert x.tobytes() == before
    eval_numerical_gradient(np.sum, x, **QUIET)
    eval_numerical_gradient_array(np.exp, x, np.ones((2, 3)))
    assert x.tobytes() == before


def test_a_view_that_is_not_contiguous_is_moved_in_place():
    whole = np.random.randn(4, 6)
    numeric = eval_numerical_gradient(lambda _: np.sum(whole**2), whole[::2, ::3], **QUIET)
    assert rel_error(numeric, 2 * whole[::2, ::3]) < 1e-7


def test_float32_is_divided_by_the_step_that_was_really_made():
    x = np.array([3.0, 100.0], np.float32)
    numeric = eval_numerical_gradient_array(lambda x: x.astype(np.float64) ** 2, x, np.ones(2), h=1e-4)
    assert numeric.dtype == np.float32
    assert rel_error(numeric, 2 * x) < 1e-6


def test_integers_are_refused():
    for gradient in (eval_numerical_gradient, lambda f, x: eval_numerical_gradient_array(f, x, 1.0)):
        with pytest.raises(DtypeError, match=r"must be floating point, got int64.*astype\(float\)"):
            gradient(np.sum, np.arange(3))
        with pytest.raises(TypeError, match=r"must be a NumPy array.*got list"):
            gradient(np.sum, [1.0, 2.0])


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"one number, got an array of shape \(3,\).*eval_numerical_gradient_array"):
        eval_numerical_gradient(lambda x: x, np.zeros(3), **QUIET)
    with pytest.raises(ShapeError, match=r"df must have the shape of f\(x\), \(3,\), got \(3, 1\)"):
        eval_numerical_gradient_array(lambda x: x, np.zeros(3), np.ones((3, 1)))
