"""The pair of interpolation on bare arrays: products of matrices, PyTorch, slopes, infinity, refusals."""

import numpy as np
import pytest

from minigrad.backend import DtypeError, ShapeError
from minigrad.ops.interpolation import (
    interpolate_backward,
    interpolate_backward_naive,
    interpolate_forward,
    interpolate_forward_naive,
)
from tests.minigrad.ops.images import ORDERS, same
from tests.minigrad.parity import draw, slopes_agree

MODES = [("nearest", False), ("bilinear", False), ("bilinear", True)]
SIZES = [((10, 14), None), ((3, 3), None), ((1, 9), None), (5, None), ((11, 4), (2.3, 0.7)), ((7, 21), (1.5, 3))]
each_mode = pytest.mark.parametrize(("mode", "align_corners"), MODES)
each_size = pytest.mark.parametrize(("size", "scale"), SIZES, ids=str)


def call(x, size, scale, mode, align_corners, forward=interpolate_forward):
    return forward(x, size, mode, align_corners, scale or (None, None))


@each_mode
@each_size
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_it_is_its_naive_twin(size, scale, mode, align_corners, batch):
    x = draw(batch, 2, 5, 7)
    naive, naive_cache = call(x, size, scale, mode, align_corners, interpolate_forward_naive)
    dout = draw(*naive.shape, seed=5)
    for lay_out in ORDERS.values():
        out, cache = call(lay_out(x), size, scale, mode, align_corners)
        same(out, naive)
        same(interpolate_backward(lay_out(dout), cache), interpolate_backward_naive(dout, naive_cache))


@each_mode
@each_size
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-5), ("float16", 5e-3)])
def test_values_and_gradients_are_pytorchs(size, scale, mode, align_corners, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    x = draw(3, 2, 5, 7).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    given = {"size": size} if scale is None else {"scale_factor": scale}
    corners = {} if mode == "nearest" else {"align_corners": align_corners}
    expected = torch.nn.functional.interpolate(tensor, **given, mode=mode, **corners)
    out, cache = call(x, size, scale, mode, align_corners)
    same(out, expected.detach().numpy(), tolerance, tolerance)
    dout = draw(*out.shape, seed=5).astype(dtype)
    expected.backward(torch.tensor(dout))
    same(interpolate_backward(dout, cache), tensor.grad.numpy(), tolerance, 2 * tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_every_pair_of_lengths_nearest_takes_the_pixels_that_pytorch_takes(dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    for length in range(1, 40):
        x = np.arange(length, dtype=dtype).reshape(1, 1, 1, length)
        ways = [({"size": (1, size)}, size, None) for size in range(1, 90)]
        factors = [factor for factor in (0.3, 0.7, 1.1, 1.7, 2.2, 2.3, 3.0) if length * factor >= 1]
        ways += [({"scale_factor": (1.0, factor)}, int(length * factor), factor) for factor in factors]
        for given, size, factor in ways:
            expected = torch.nn.functional.interpolate(torch.tensor(x), **given).numpy()
            assert (interpolate_forward(x, (1, size), scale=(None, factor))[0] == expected).all(), (length, given)


@each_mode
@each_size
def test_the_backward_is_the_slope_of_the_forward(size, scale, mode, align_corners):
    slopes_agree(lambda x: call(x, size, scale, mode, align_corners), interpolate_backward, draw(2, 1, 5, 7))


def test_twice_as_large():
    x = np.array([[[[0.0, 4.0]]]])
    assert interpolate_forward(x, (2, 4))[0].tolist() == [[[[0, 0, 4, 4]] * 2]]
    assert interpolate_forward(x, (2, 4), "bilinear")[0].tolist() == [[[[0, 1, 3, 4]] * 2]]
    corners = interpolate_forward(x, (2, 5), "bilinear", align_corners=True)[0]
    assert corners.tolist() == [[[[0, 1, 2, 3, 4]] * 2]]


@each_mode
def test_an_infinite_pixel_touches_only_what_is_made_of_it(mode, align_corners):
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 0, 0] = np.inf
    out, cache = interpolate_forward(x, 8, mode, align_corners)
    assert not np.isnan(out).any() and np.isfinite(out[:, :, 3:]).all() and np.isfinite(out[:, :, :, 3:]).all()
    dout = np.zeros_like(out)
    dout[0, 0, -1, -1] = np.inf
    dx = interpolate_backward(dout, cache)
    assert not np.isnan(dx).any() and np.isfinite(dx[:, :, :2]).all()


def test_a_float16_gradient_of_many_pixels_is_added_up_in_float32():
    out, cache = interpolate_forward(np.ones((1, 1, 1, 1), np.float16), 64)
    dx = interpolate_backward(np.full_like(out, 0.1), cache)
    np.testing.assert_allclose(dx, 64 * 64 * np.float16(0.1), rtol=1e-3)


@pytest.mark.parametrize(
    ("x", "settings", "error", "says"),
    [
        (draw(2, 6, 6), (2,), ShapeError, r"x must be \(N, C, H, W\) and have pixels, got x.shape = \(2, 6, 6\)"),
        (draw(2, 6, 0, 6), (2,), ShapeError, "x must be .* and have pixels"),
        (np.ones((1, 1, 4, 4), np.uint8), (2,), DtypeError, "expected floating-point images, got uint8. Convert them"),
        (draw(1, 1, 6, 6), (0,), ValueError, "size must be at least 1, got 0"),
        (draw(1, 1, 6, 6), (2, "bicubic"), ValueError, "mode must be nearest or bilinear, got 'bicubic'"),
    ],
)
def test_what_makes_no_sense_is_named(x, settings, error, says):
    with pytest.raises(error, match=f"^interpolate: {says}"):
        interpolate_forward(x, *settings)
