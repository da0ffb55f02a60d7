"""The pairs of transposed convolution on bare arrays: a convolution run backwards, plain loops, PyTorch, slopes,
refusals."""

import numpy as np
import pytest

from minigrad.backend import DtypeError, ShapeError
from minigrad.ops.convolution import conv2d_backward, conv2d_forward
from minigrad.ops.transposed_convolution import (
    conv_transpose1d_backward,
    conv_transpose1d_forward,
    conv_transpose2d_backward,
    conv_transpose2d_backward_naive,
    conv_transpose2d_forward,
    conv_transpose2d_forward_naive,
)
from tests.minigrad.ops.images import ORDERS, pieces, same  # noqa: F401
from tests.minigrad.parity import draw, draws, locked, slopes_agree

# x, w (C, O / groups, kh, kw), and the settings: stride, padding, output_padding, groups, dilation
CASES = [
    ((2, 3, 4, 5), (3, 4, 3, 2), {}),
    ((3, 1, 3, 3), (1, 2, 1, 1), {}),
    ((2, 2, 3, 4), (2, 3, 4, 4), {"stride": 2, "padding": 1}),
    ((2, 2, 4, 3), (2, 3, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    ((2, 2, 4, 3), (2, 3, 2, 3), {"stride": (3, 2), "padding": (1, 2), "output_padding": (2, 0)}),
    ((2, 2, 4, 5), (2, 3, 3, 3), {"padding": 2, "dilation": 2}),
    ((2, 2, 2, 3), (2, 3, 2, 2), {"stride": 1, "dilation": (3, 2), "output_padding": (2, 1)}),  # more than the stride
    ((2, 2, 3, 4), (2, 3, 2, 3), {"stride": (2, 3), "padding": (0, 1), "dilation": (3, 2), "output_padding": 1}),
    ((2, 4, 3, 3), (4, 3, 3, 3), {"groups": 2, "padding": 1}),
    ((3, 4, 3, 4), (4, 2, 3, 2), {"groups": 4, "stride": (1, 2)}),
    ((1, 2, 1, 1), (2, 3, 4, 4), {}),  # as generators begin
    ((2, 2, 5, 6), (2, 1, 2, 2), {"stride": 1, "padding": 2}),  # whole stamps are cut off
    ((2, 2, 3, 3), (2, 2, 2, 2), {"stride": (5, 4)}),  # pixels between the stamps
]
each_case = pytest.mark.parametrize(("x", "w", "settings"), CASES, ids=str)
with_bias = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def filled(x, w, settings, bias=True):
    images, filters, biases = draws(x, w, (w[1] * settings.get("groups", 1),))
    return images, locked(filters), locked(biases) if bias else None


@each_case
@with_bias
@pytest.mark.usefixtures("pieces")
def test_it_is_its_naive_twin(x, w, settings, bias):
    images, filters, biases = filled(x, w, settings, bias)
    naive, naive_cache = conv_transpose2d_forward_naive(images, filters, biases, **settings)
    dout = draw(*naive.shape, seed=5)
    expected = conv_transpose2d_backward_naive(dout, naive_cache)
    for lay_out in ORDERS.values():
        out, cache = conv_transpose2d_forward(lay_out(images), filters, biases, **settings)
        same(out, naive)
        same(conv_transpose2d_backward(lay_out(dout), cache), expected)


@each_case
def test_it_is_a_convolution_run_backwards(x, w, settings):
    y, filters, _ = filled(x, w, settings)
    image = draw(*conv_transpose2d_forward(y, filters, **settings)[0].shape, seed=5)
    sliding = {name: value for name, value in settings.items() if name != "output_padding"}
    seen, cache = conv2d_forward(image, filters, **sliding)
    rows, columns = y.shape[2:]  # with output_padding beyond the stride a window more would fit: nothing comes to it
    upstream = np.zeros_like(seen)
    upstream[:, :, :rows, :columns] = y
    dimage, dfilters, _ = conv2d_backward(upstream, cache)
    out, own_cache = conv_transpose2d_forward(y, filters, **settings)
    dy, dw, _ = conv_transpose2d_backward(image, own_cache)
    same(out, dimage)
    same(dy, seen[:, :, :rows, :columns])
    same(dw, dfilters)


@each_case
@with_bias
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4), ("float16", 2e-2)])
def test_values_and_gradients_are_pytorchs(x, w, settings, bias, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    arrays = [None if array is None else array.astype(dtype) for array in filled(x, w, settings, bias)]
    tensors = [None if array is None else torch.tensor(array, requires_grad=True) for array in arrays]
    expected = torch.nn.functional.conv_transpose2d(*tensors, **settings)
    out, cache = conv_transpose2d_forward(*arrays, **settings)
    same(out, expected.detach().numpy(), tolerance, tolerance)
    dout = draw(*out.shape, seed=5).astype(dtype)
    expected.backward(torch.tensor(dout))
    gradients = tuple(None if tensor is None else tensor.grad.numpy() for tensor in tensors)
    same(conv_transpose2d_backward(dout, cache), gradients, tolerance, 5 * tolerance)


@each_case
def test_the_backward_is_the_slope_of_the_forward(x, w, settings):
    slopes_agree(
        lambda *arrays: conv_transpose2d_forward(*arrays, **settings),
        conv_transpose2d_backward,
        *[locked(one) for one in filled(x, w, settings)],
    )


@pytest.mark.parametrize(("stride", "padding", "more"), [(1, 0, 0), (2, 1, 1), (3, 2, 0)])
@pytest.mark.parametrize(("groups", "dilation"), [(1, 1), (2, 3)])
@pytest.mark.usefixtures("pieces")
def test_a_sequence_is_an_image_of_one_row(stride, padding, more, groups, dilation):
    x, w, b = draws((3, 4, 6), (4, 3, 3), (3 * groups,))
    out, cache = conv_transpose1d_forward(x, w, b, stride, padding, more, groups, dilation)
    settings = ((1, stride), (0, padding), (0, more), groups, (1, dilation))
    expected, naive_cache = conv_transpose2d_forward_naive(x[:, :, None], w[:, :, None], b, *settings)
    same(out, expected[:, :, 0])
    dout = draw(*out.shape, seed=5)
    dx, dw, db = conv_transpose2d_backward_naive(dout[:, :, None], naive_cache)
    same(conv_transpose1d_backward(dout, cache), (dx[:, :, 0], dw[:, :, 0], db))


@pytest.mark.parametrize("needs", [(True, False, False), (False, True, False), (False, False, True), (False,) * 3])
def test_what_is_not_needed_is_left_out_and_the_rest_is_the_same(needs):
    out, cache = conv_transpose2d_forward(*filled((2, 2, 3, 3), (2, 3, 3, 3), {}), stride=2)
    dout = draw(*out.shape)
    full = conv_transpose2d_backward(dout, cache)
    same(
        conv_transpose2d_backward(dout, cache, needs),
        tuple(one if needed else None for one, needed in zip(full, needs, strict=True)),
    )


@pytest.mark.parametrize("batch", [0, 1])
def test_a_batch_may_be_empty_or_a_single_image(batch):
    x, w, b = draws((batch, 2, 3, 4), (2, 3, 3, 3), (3,))
    out, cache = conv_transpose2d_forward(x, w, b, 2, 1)
    naive, naive_cache = conv_transpose2d_forward_naive(x, w, b, 2, 1)
    same(out, naive)
    same(conv_transpose2d_backward(naive, cache), conv_transpose2d_backward_naive(naive, naive_cache))


@pytest.mark.parametrize(
    ("x", "w", "b", "settings", "says"),
    [
        ((2, 3, 6), (3, 4, 3, 3), None, {}, r"x must be \(N, C, H, W\) and weight .* got \(2, 3, 6\) and"),
        ((2, 3, 6, 6), (4, 3, 3, 3), None, {}, r"weight \(C, .* expects 4 input channels .* x has 3 \(x.shape ="),
        ((2, 3, 6, 6), (3, 4, 3, 3), (3,), {}, r"bias must be \(4,\), one number a channel of out, got \(3,\)"),
        ((2, 3, 6, 6), (3, 4, 3, 3), (4,), {"groups": 3}, r"bias must be \(12,\)"),
        ((2, 3, 6, 6), (3, 4, 3, 3), None, {"groups": 2}, "groups must divide the channels of x, got groups = 2 for 3"),
        ((2, 3, 2, 6), (3, 4, 3, 3), None, {"padding": 2}, "nothing is left of out, which would be 0 x 4"),
        ((2, 3, 0, 6), (3, 4, 3, 3), None, {}, "nothing is left of out"),
        ((2, 0, 6, 6), (0, 4, 3, 3), None, {}, r"there must be a filter, and a number in it, got weight\.shape = "),
    ],
)
def test_shapes_that_do_not_fit_are_named(x, w, b, settings, says):
    with pytest.raises(ShapeError, match=f"^conv_transpose2d: {says}"):
        conv_transpose2d_forward(draw(*x), draw(*w), None if b is None else draw(*b), **settings)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"dilation": 1.5}, TypeError, "dilation must be an int or two of them"),
        ({"padding": "same"}, TypeError, "padding must be an int or two of them"),
        ({"output_padding": -1}, ValueError, "output_padding must be at least 0, got -1"),
        (
            {"output_padding": 1},
            ValueError,
            "output_padding must be smaller than stride or dilation, got 1 for",
        ),
        ({"output_padding": (1, 2), "stride": 2}, ValueError, r"output_padding must be smaller .* got \(1, 2\)"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, error, says):
    with pytest.raises(error, match=f"^conv_transpose2d: {says}"):
        conv_transpose2d_forward(draw(2, 3, 6, 6), draw(3, 4, 3, 3), None, **settings)


def test_a_sequence_is_refused_by_its_own_name():
    with pytest.raises(ShapeError, match=r"^conv_transpose1d: x must be \(N, C, L\) and weight \(C, O / groups, k\)"):
        conv_transpose1d_forward(draw(2, 3, 6, 6), draw(3, 4, 3))


def test_dtypes_must_be_one_and_floating():
    with pytest.raises(DtypeError, match=r"^conv_transpose2d: x, weight and bias must have one .* got float64, f"):
        conv_transpose2d_forward(draw(2, 3, 6, 6), draw(3, 4, 3, 3).astype(np.float32))
