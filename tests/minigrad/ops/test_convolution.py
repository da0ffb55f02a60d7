"""The pairs of convolution on bare arrays: plain loops, PyTorch, slopes, memory orders, pieces, refusals."""

import warnings

import numpy as np
import pytest

from minigrad.backend import DtypeError, ShapeError
from minigrad.ops.convolution import (
    conv1d_backward,
    conv1d_forward,
    conv2d_backward,
    conv2d_backward_naive,
    conv2d_forward,
    conv2d_forward_naive,
)
from tests.minigrad.ops.images import ORDERS, pieces, same  # noqa: F401
from tests.minigrad.parity import draw, draws, locked, slopes_agree

# x, w, and the settings: stride, padding, dilation, groups
CASES = [
    ((2, 3, 6, 7), (4, 3, 3, 2), {}),
    ((3, 1, 5, 5), (2, 1, 1, 1), {}),
    ((2, 2, 7, 8), (3, 2, 3, 3), {"stride": 2}),
    ((2, 2, 7, 9), (3, 2, 2, 3), {"stride": (3, 2), "padding": (1, 2)}),
    ((2, 2, 7, 8), (3, 2, 3, 3), {"padding": 2, "dilation": 2}),
    ((2, 2, 8, 9), (3, 2, 2, 3), {"stride": (2, 3), "padding": (0, 1), "dilation": (3, 2)}),
    ((2, 4, 6, 6), (6, 2, 3, 3), {"groups": 2, "padding": 1}),
    ((3, 4, 5, 6), (8, 1, 3, 2), {"groups": 4, "stride": (1, 2)}),
    ((3, 5, 5, 6), (5, 1, 2, 3), {"groups": 5, "dilation": (2, 1), "padding": 1}),  # a filter for each channel
    ((2, 2, 5, 6), (3, 2, 2, 4), {"padding": "same"}),
    ((2, 2, 5, 6), (3, 2, 3, 2), {"padding": "same", "dilation": (1, 2)}),
    ((2, 2, 5, 6), (3, 2, 3, 2), {"padding": "valid"}),
    ((1, 2, 3, 4), (1, 2, 3, 4), {}),
    ((5, 2, 4, 9), (2, 2, 2, 2), {"stride": (9, 4)}),
]
each_case = pytest.mark.parametrize(("x", "w", "settings"), CASES, ids=str)
with_bias = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def filled(x, w, bias):
    images, filters, biases = draws(x, w, w[:1])
    return images, locked(filters), locked(biases) if bias else None


@each_case
@with_bias
@pytest.mark.usefixtures("pieces")
def test_it_is_its_naive_twin(x, w, settings, bias):
    images, filters, biases = filled(x, w, bias)
    naive, naive_cache = conv2d_forward_naive(images, filters, biases, **settings)
    dout = draw(*naive.shape, seed=5)
    expected = conv2d_backward_naive(dout, naive_cache)
    for lay_out in ORDERS.values():
        out, cache = conv2d_forward(lay_out(images), filters, biases, **settings)
        same(out, naive)
        same(conv2d_backward(lay_out(dout), cache), expected)


@each_case
@with_bias
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4), ("float16", 2e-2)])
def test_values_and_gradients_are_pytorchs(x, w, settings, bias, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    arrays = [None if array is None else array.astype(dtype) for array in filled(x, w, bias)]
    tensors = [None if array is None else torch.tensor(array, requires_grad=True) for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, where "same" pads unevenly
        expected = torch.nn.functional.conv2d(*tensors, **settings)
    out, cache = conv2d_forward(*arrays, **settings)
    same(out, expected.detach().numpy(), tolerance, tolerance)
    dout = draw(*out.shape, seed=5).astype(dtype)
    expected.backward(torch.tensor(dout))
    gradients = tuple(None if tensor is None else tensor.grad.numpy() for tensor in tensors)
    same(conv2d_backward(dout, cache), gradients, tolerance, 5 * tolerance)


@each_case
def test_the_backward_is_the_slope_of_the_forward(x, w, settings):
    slopes_agree(
        lambda *arrays: conv2d_forward(*arrays, **settings),
        conv2d_backward,
        *[locked(one) for one in filled(x, w, True)],
    )


@pytest.mark.parametrize("padding", [0, 2, "same"])
@pytest.mark.parametrize(("stride", "dilation", "groups"), [(1, 1, 1), (2, 1, 2), (1, 3, 2)])
@pytest.mark.usefixtures("pieces")
def test_a_sequence_is_an_image_of_one_row(stride, padding, dilation, groups):
    if padding == "same" and stride != 1:
        stride = 1
    x, w, b = draws((3, 4, 9), (6, 4 // groups, 3), (6,))
    out, cache = conv1d_forward(x, w, b, stride, padding, dilation, groups)
    around = padding if padding == "same" else (0, padding)
    settings = ((1, stride), around, (1, dilation), groups)
    expected, naive_cache = conv2d_forward_naive(x[:, :, None], w[:, :, None], b, *settings)
    same(out, expected[:, :, 0])
    dout = draw(*out.shape, seed=5)
    dx, dw, db = conv2d_backward_naive(dout[:, :, None], naive_cache)
    same(conv1d_backward(dout, cache), (dx[:, :, 0], dw[:, :, 0], db))


@pytest.mark.parametrize("needs", [(True, False, False), (False, True, False), (False, False, True), (False,) * 3])
def test_what_is_not_needed_may_be_left_out_and_the_rest_is_the_same(needs):
    out, cache = conv2d_forward(*filled((2, 2, 5, 5), (3, 2, 3, 3), True), padding=1)
    dout = draw(*out.shape)
    for needed, gradient, full in zip(
        needs, conv2d_backward(dout, cache, needs), conv2d_backward(dout, cache), strict=True
    ):
        if needed:
            same(gradient, full)
    assert needs[0] or conv2d_backward(dout, cache, needs)[0] is None


@pytest.mark.parametrize("batch", [0, 1])
def test_a_batch_may_be_empty_or_a_single_image(batch):
    x, w, b = draws((batch, 2, 5, 6), (3, 2, 3, 3), (3,))
    out, cache = conv2d_forward(x, w, b, 1, 1)
    naive, naive_cache = conv2d_forward_naive(x, w, b, 1, 1)
    same(out, naive)
    same(conv2d_backward(naive, cache), conv2d_backward_naive(naive, naive_cache))


def test_a_batch_is_innermost_in_memory_so_that_what_comes_next_goes_through_it_in_order():
    x, w = draws((4, 2, 6, 7), (3, 2, 3, 3))
    out, cache = conv2d_forward(x, w)
    dx, _, _ = conv2d_backward(out, cache)
    for array in (out, dx):
        assert array.transpose(1, 2, 3, 0).flags.c_contiguous


@pytest.mark.parametrize(
    ("x", "w", "b", "settings", "says"),
    [
        ((2, 3, 6), (4, 3, 3, 3), None, {}, r"conv2d: x must be \(N, C, H, W\) and weight .* got \(2, 3, 6\) and"),
        ((2, 3, 6, 6), (4, 2, 3, 3), None, {}, r"conv2d: weight expects 2 input channels .* x has 3 \(x.shape ="),
        ((2, 3, 6, 6), (4, 3, 3, 3), (3,), {}, r"conv2d: bias must be \(4,\), one number a filter, got \(3,\)"),
        ((2, 3, 6, 6), (4, 3, 3, 3), None, {"groups": 2}, "conv2d: groups must divide the filters and the channels"),
        ((2, 3, 2, 6), (4, 3, 3, 3), None, {}, "conv2d: the filters .* span more pixels than the images have"),
    ],
)
def test_shapes_that_do_not_fit_are_named(x, w, b, settings, says):
    with pytest.raises(ShapeError, match=says):
        conv2d_forward(draw(*x), draw(*w), None if b is None else draw(*b), **settings)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"stride": 0}, ValueError, "conv2d: stride must be at least 1, got 0"),
        ({"stride": (1, 2, 3)}, TypeError, r"conv2d: stride must be an int or two of them .* got \(1, 2, 3\)"),
        ({"dilation": 1.5}, TypeError, "conv2d: dilation must be an int or two of them"),
        ({"padding": -1}, ValueError, "conv2d: padding must be at least 0, got -1"),
        ({"padding": "some"}, ValueError, "conv2d: padding must be a number, two, 'same' or 'valid', got 'some'"),
        ({"padding": "same", "stride": 2}, ValueError, "conv2d: padding='same' needs stride 1"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, error, says):
    with pytest.raises(error, match=says):
        conv2d_forward(draw(2, 3, 6, 6), draw(4, 3, 3, 3), None, **settings)


@pytest.mark.parametrize("filters", [(0, 3, 3, 3), (4, 0, 3, 3), (4, 3, 0, 3)])
def test_filters_without_a_number_are_refused(filters):
    with pytest.raises(ShapeError, match=r"^conv2d: there must be a filter, and a number in it, got weight\.shape = "):
        conv2d_forward(draw(2, filters[1], 6, 6), draw(*filters))


def test_dtypes_must_be_one_and_floating():
    with pytest.raises(DtypeError, match=r"conv2d: x, weight and bias must have one floating.* got float64, f"):
        conv2d_forward(draw(2, 3, 6, 6), draw(4, 3, 3, 3).astype(np.float32))
    with pytest.raises(DtypeError, match="one floating-point dtype, got int64, int64"):
        conv2d_forward(np.ones((1, 1, 3, 3), int), np.ones((1, 1, 1, 1), int))
