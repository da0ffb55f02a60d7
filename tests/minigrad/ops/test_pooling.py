"""The pair of max-pooling on bare arrays: plain loops, PyTorch, ties, borders, NaN, memory orders, pieces, refusals."""

import numpy as np
import pytest

from minigrad.backend import ShapeError
from minigrad.ops.pooling import (
    max_pool2d_backward,
    max_pool2d_backward_naive,
    max_pool2d_forward,
    max_pool2d_forward_naive,
)
from tests.minigrad.ops.images import ORDERS, pieces, same  # noqa: F401
from tests.minigrad.parity import draw

# kernel_size, stride, padding, dilation, ceil_mode
CASES = [
    (2, None, 0, 1, False),
    (2, 2, 0, 1, True),
    ((3, 2), None, (1, 0), 1, False),
    (3, 2, 1, 1, False),
    (3, 2, 1, 1, True),
    (2, 1, 1, 2, False),
    ((2, 3), (3, 1), (0, 1), (1, 2), True),
    (1, 3, 0, 1, True),
    ((5, 1), 1, (2, 0), 1, False),
]
each_case = pytest.mark.parametrize("settings", CASES, ids=str)
rng = np.random.default_rng(0)
INPUTS = {
    "all different": draw(3, 2, 7, 8),
    "many ties": rng.integers(-2, 2, (3, 2, 7, 8)).astype(float),
    "all equal": np.full((2, 1, 6, 5), -3.0),
    "some -inf": np.where(rng.random((3, 2, 7, 8)) < 0.7, -np.inf, draw(3, 2, 7, 8)),
    "some NaN": np.where(rng.random((3, 2, 7, 8)) < 0.2, np.nan, draw(3, 2, 7, 8)),
}
each_input = pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS.keys())


@each_case
@each_input
@pytest.mark.usefixtures("pieces")
def test_it_is_its_naive_twin(x, settings):
    naive, naive_cache = max_pool2d_forward_naive(x, *settings, return_indices=True)
    dout = draw(*naive[0].shape, seed=5)
    expected = max_pool2d_backward_naive(dout, naive_cache)
    for lay_out in ORDERS.values():
        outs, cache = max_pool2d_forward(lay_out(x), *settings, return_indices=True)
        same(outs, naive)
        same(max_pool2d_backward((lay_out(dout), None), cache), expected)


@each_case
@each_input
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_places_and_gradients_are_pytorchs(x, settings, dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    x = x.astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected, places = torch.nn.functional.max_pool2d(tensor, *settings, return_indices=True)
    (out, indices), cache = max_pool2d_forward(x, *settings, return_indices=True)
    same((out, indices), (expected.detach().numpy(), places.numpy()))
    dout = draw(*out.shape, seed=5).astype(dtype)
    expected.backward(torch.tensor(dout))
    same(max_pool2d_backward((dout, None), cache), tensor.grad.numpy(), 1e-5, 1e-6)


@each_case
@each_input
def test_what_a_window_hands_back_is_what_it_was_given(x, settings):
    out, cache = max_pool2d_forward(x, *settings)
    dout = draw(*out.shape, seed=5)
    np.testing.assert_allclose(max_pool2d_backward(dout, cache).sum(), dout.sum(), atol=1e-12)


def test_the_first_of_several_maxima_takes_all_row_by_row():
    x = np.array([[0, 1, 1, 0], [1, 0, 0, 1]], float).reshape(1, 1, 2, 4)
    _, cache = max_pool2d_forward(x, 2)
    dx = max_pool2d_backward(np.array([3.0, 5.0]).reshape(1, 1, 1, 2), cache)
    assert dx.tolist() == [[[[0, 3, 5, 0], [0, 0, 0, 0]]]]


def test_an_infinite_gradient_stays_where_it_belongs():
    _, cache = max_pool2d_forward(draw(1, 1, 2, 2), 2)
    dx = max_pool2d_backward(np.full((1, 1, 1, 1), np.inf), cache)
    assert sorted(dx.ravel()) == [0, 0, 0, np.inf]


def test_integers_are_pooled_too():
    x = np.random.default_rng(1).integers(-100, 0, (2, 2, 5, 5))
    naive, _ = max_pool2d_forward_naive(x, 3, 2, 1)
    out, _ = max_pool2d_forward(x, 3, 2, 1)
    same(out, naive)


@pytest.mark.parametrize("batch", [0, 1])
def test_a_batch_may_be_empty_or_a_single_image(batch):
    out, cache = max_pool2d_forward(draw(batch, 2, 6, 6), 2)
    assert out.shape == (batch, 2, 3, 3)
    assert max_pool2d_backward(out, cache).shape == (batch, 2, 6, 6)


@pytest.mark.parametrize(
    ("shape", "settings", "error", "says"),
    [
        ((2, 6, 6), (2,), ShapeError, r"max_pool2d: x must be \(N, C, H, W\), got x.shape = \(2, 6, 6\)"),
        ((1, 1, 2, 6), (3,), ShapeError, "max_pool2d: a window of kernel_size .* spans more than the images have"),
        ((1, 1, 6, 6), (2, 0), ValueError, "max_pool2d: stride must be at least 1"),
        ((1, 1, 6, 6), (2, 2, 2), ValueError, r"max_pool2d: padding must be at most half of kernel_size \(2, 2\)"),
        ((1, 1, 6, 6), ("2",), TypeError, "max_pool2d: kernel_size must be an int or two of them"),
    ],
)
def test_what_makes_no_sense_is_named(shape, settings, error, says):
    with pytest.raises(error, match=says):
        max_pool2d_forward(draw(*shape), *settings)
