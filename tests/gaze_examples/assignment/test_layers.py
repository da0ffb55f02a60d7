"""Tasks 1.1 to 1.5: the notebook's checks of the layers, and the traps that they leave open."""

import numpy as np
import pytest

from gaze_examples import assignment
from gaze_examples.assignment import (
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    fc_backward,
    fc_forward,
    fc_relu_backward,
    fc_relu_forward,
    rel_error,
    relu_backward,
    relu_forward,
    softmax_loss,
)
from minigrad.ops import elementwise, linear, loss


def test_the_layers_are_minigrads_own_functions():
    assert assignment.fc_forward is linear.fc_forward and assignment.fc_backward is linear.fc_backward
    assert assignment.relu_forward is elementwise.relu_forward and assignment.relu_backward is elementwise.relu_backward
    assert assignment.softmax_loss is loss.softmax_loss


def test_every_name_of_the_package_is_there():
    assert all(hasattr(assignment, name) for name in assignment.__all__)


def test_fc_forward_gives_the_published_values():
    x = np.linspace(-0.2, 0.2, num=36).reshape(1, 4, 3, 3)
    w = np.linspace(-0.1, 0.1, num=360).reshape(36, 10)
    b = np.linspace(-0.2, 0.2, num=10)
    out, cache = fc_forward(x, w, b)
    published = [[0.04735376, 0.0917982, 0.13624265, 0.18068709, 0.22513154, 0.26957598, 0.31402043, 0.35846487,
                  0.40290932, 0.44735376]]  # fmt: skip
    assert rel_error(out, published) < 1e-7
    assert cache[0] is x and cache[1] is w and cache[2] is b


def test_fc_backward_agrees_with_numeric_gradients():
    x, w, b = np.random.randn(10, 2, 3), np.random.randn(6, 5), np.random.randn(5)
    dout = np.random.randn(10, 5)
    dx, dw, db = fc_backward(dout, fc_forward(x, w, b)[1])
    assert rel_error(eval_numerical_gradient_array(lambda x: fc_forward(x, w, b)[0], x, dout), dx) < 1e-7
    assert rel_error(eval_numerical_gradient_array(lambda w: fc_forward(x, w, b)[0], w, dout), dw) < 1e-7
    assert rel_error(eval_numerical_gradient_array(lambda b: fc_forward(x, w, b)[0], b, dout), db) < 1e-7


def test_relu_forward_gives_the_published_values():
    x = np.linspace(-0.5, 0.5, num=12).reshape(3, 4)
    out, cache = relu_forward(x)
    published = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    assert rel_error(out, published) < 1e-7
    assert cache is x


def test_relu_backward_agrees_with_numeric_gradients():
    x, dout = np.random.randn(10, 10), np.random.randn(10, 10)
    numeric = eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout)
    assert rel_error(numeric, relu_backward(dout, relu_forward(x)[1])) < 1e-9


def test_relu_passes_nothing_at_zero():
    dout = np.array([3.0, -2.0, 5.0])
    assert relu_backward(dout, np.array([-1.0, 0.0, 2.0])).tolist() == [0, 0, 5]


def test_softmax_loss_of_nothing_learnt_is_the_log_of_the_number_of_classes():
    x = 0.001 * np.random.randn(50, 10)
    y = np.random.randint(10, size=50)
    value, dx = softmax_loss(x, y)
    assert value == pytest.approx(2.3, abs=0.01)
    numeric = eval_numerical_gradient(lambda x: softmax_loss(x, y)[0], x, verbose=False)
    assert rel_error(numeric, dx) < 1e-7


def test_softmax_loss_survives_scores_whose_probability_underflows():
    x, y = np.array([[1000.0, -1000.0], [-1000.0, 1000.0]]), np.array([1, 1])
    before = x.copy(), y.copy()
    value, dx = softmax_loss(x, y)
    assert value == 1000.0
    np.testing.assert_array_equal(dx, [[0.5, -0.5], [0, 0]])
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_fc_relu_agrees_with_numeric_gradients_where_some_hidden_values_are_negative():
    x, w, b = np.random.randn(6, 2, 3), np.random.randn(6, 5), np.random.randn(5)
    dout = np.random.randn(6, 5)
    out, cache = fc_relu_forward(x, w, b)
    assert 0.2 < np.mean(out == 0) < 0.8
    dx, dw, db = fc_relu_backward(dout, cache)
    assert rel_error(eval_numerical_gradient_array(lambda x: fc_relu_forward(x, w, b)[0], x, dout), dx) < 1e-7
    assert rel_error(eval_numerical_gradient_array(lambda w: fc_relu_forward(x, w, b)[0], w, dout), dw) < 1e-7
    assert rel_error(eval_numerical_gradient_array(lambda b: fc_relu_forward(x, w, b)[0], b, dout), db) < 1e-7


def test_fc_relu_backward_computes_only_what_is_wanted():
    dout = np.random.randn(4, 2)
    _, cache = fc_relu_forward(np.random.randn(4, 3), np.random.randn(3, 2), np.zeros(2))
    dx, dw, db = fc_relu_backward(dout, cache, needs=(False, True, True))
    assert dx is None and dw.shape == (3, 2) and db.shape == (2,)
