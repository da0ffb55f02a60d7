"""The pairs of average-pooling on bare arrays: plain loops, PyTorch, borders, memory orders, refusals."""

import numpy as np
import pytest

from minigrad.backend import DtypeError, ShapeError
from minigrad.ops.average_pooling import (
    adaptive_avg_pool2d_backward,
    adaptive_avg_pool2d_backward_naive,
    adaptive_avg_pool2d_forward,
    adaptive_avg_pool2d_forward_naive,
    avg_pool2d_backward,
    avg_pool2d_backward_naive,
    avg_pool2d_forward,
    avg_pool2d_forward_naive,
)
from tests.minigrad.ops.images import ORDERS, same
from tests.minigrad.parity import draw

# kernel_size, stride, padding, ceil_mode
SETTINGS = [
    (2, None, 0, False),
    (2, 2, 0, True),
    ((3, 2), None, (1, 0), False),
    (3, 2, 1, True),
    ((2, 3), (3, 1), (0, 1), True),
    (1, 3, 0, True),
]
CASES = [(*settings, include, n) for settings in SETTINGS for include in (True, False) for n in (None, 5)]
SIZES = [1, (2, 3), (None, 4), (7, None), (9, 10), 5]
PAIRS = {
    "avg_pool2d": (avg_pool2d_forward, avg_pool2d_backward, avg_pool2d_forward_naive, avg_pool2d_backward_naive),
    "adaptive_avg_pool2d": (
        *(adaptive_avg_pool2d_forward, adaptive_avg_pool2d_backward),
        *(adaptive_avg_pool2d_forward_naive, adaptive_avg_pool2d_backward_naive),
    ),
}
each_case = pytest.mark.parametrize(
    ("name", "settings"),
    [("avg_pool2d", case) for case in CASES] + [("adaptive_avg_pool2d", (size,)) for size in SIZES],
    ids=str,
)
each_batch = pytest.mark.parametrize("batch", [0, 1, 3])


@each_case
@each_batch
def test_it_is_its_naive_twin(name, settings, batch):
    forward, backward, forward_naive, backward_naive = PAIRS[name]
    x = draw(batch, 2, 7, 8)
    naive, naive_cache = forward_naive(x, *settings)
    dout = draw(*naive.shape, seed=5)
    for lay_out in ORDERS.values():
        out, cache = forward(lay_out(x), *settings)
        same(out, naive)
        same(backward(lay_out(dout), cache), backward_naive(dout, naive_cache))


@each_case
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-5), ("float16", 5e-3)])
def test_values_and_gradients_are_pytorchs(name, settings, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    x = draw(3, 2, 7, 8).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected = getattr(torch.nn.functional, name)(tensor, *settings)
    out, cache = PAIRS[name][0](x, *settings)
    same(out, expected.detach().numpy(), tolerance, tolerance)
    dout = draw(*out.shape, seed=5).astype(dtype)
    expected.backward(torch.tensor(dout))
    same(PAIRS[name][1](dout, cache), tensor.grad.numpy(), tolerance, 2 * tolerance)


@pytest.mark.parametrize("name", ["avg_pool2d", "adaptive_avg_pool2d"])
def test_the_mean_of_large_float16_numbers_is_one_of_them(name):
    out, cache = PAIRS[name][0](np.full((1, 1, 4, 4), 30000, np.float16), 2)
    assert (out.dtype, out.ravel().tolist()) == (np.float16, [30000] * 4)
    dx = PAIRS[name][1](np.ones((1, 1, 2, 2), np.float16), cache)
    assert (dx.dtype, dx.ravel().tolist()) == (np.float16, [0.25] * 16)


def test_a_float16_window_of_more_numbers_than_float16_can_count_has_a_gradient():
    out, cache = avg_pool2d_forward(np.ones((1, 1, 256, 512), np.float16), (256, 512))
    dx = avg_pool2d_backward(np.ones_like(out), cache)
    assert (dx.dtype, np.unique(dx).tolist()) == (np.float16, [2**-17])


@pytest.mark.parametrize("size", [0, (0, 3), (2, 0)])
def test_no_windows_give_nothing_and_hand_back_zeros(size):
    x = draw(3, 2, 7, 8)
    out, cache = adaptive_avg_pool2d_forward(x, size)
    assert out.shape == adaptive_avg_pool2d_forward_naive(x, size)[0].shape
    assert not adaptive_avg_pool2d_backward(np.ones_like(out), cache).any()


def test_an_infinite_pixel_touches_only_its_own_windows():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 0, 0] = np.inf
    for name, setting in (("avg_pool2d", 2), ("adaptive_avg_pool2d", 2)):
        assert PAIRS[name][0](x, setting)[0].ravel().tolist() == [np.inf, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "shape", "settings", "error", "says"),
    [
        ("avg_pool2d", (2, 6, 6), (2,), ShapeError, r"avg_pool2d: x must be \(N, C, H, W\), got x.shape = \(2, 6, 6\)"),
        ("avg_pool2d", (1, 1, 2, 6), (3,), ShapeError, "avg_pool2d: a window of kernel_size .* spans more than"),
        ("avg_pool2d", (1, 1, 6, 6), (2, 2, 2), ValueError, "avg_pool2d: padding must be at most half of kernel_size"),
        ("avg_pool2d", (1, 1, 6, 6), (2, 2, 0, False, True, 0), ValueError, "must be a whole number, and not 0, got 0"),
        ("avg_pool2d", (1, 1, 6, 6), (2, 2, 0, False, True, 2.5), ValueError, "and not 0, got 2.5"),
        ("adaptive_avg_pool2d", (2, 6, 6), (2,), ShapeError, "adaptive_avg_pool2d: x must be"),
        ("adaptive_avg_pool2d", (1, 1, 6, 6), (-1,), ValueError, "output_size must be at least 0"),
        ("adaptive_avg_pool2d", (1, 1, 0, 6), (2,), ShapeError, "only the batch may be empty"),
    ],
)
def test_what_makes_no_sense_is_named(name, shape, settings, error, says):
    with pytest.raises(error, match=says):
        PAIRS[name][0](draw(*shape), *settings)


@pytest.mark.parametrize("name", ["avg_pool2d", "adaptive_avg_pool2d"])
def test_integers_have_no_means_here_as_with_mean(name):
    with pytest.raises(DtypeError, match=f"^{name}: expected floating-point images, got uint8. Convert them first"):
        PAIRS[name][0](np.ones((1, 1, 4, 4), np.uint8), 2)
