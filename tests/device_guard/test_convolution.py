"""Convolution's kernels give what NumPy's lines give, with many sums a thread or with few, and go over no edge."""

import numpy as np
import pytest

from minigrad.kernels import convolution
from minigrad.ops.convolution import conv2d_backward, conv2d_forward
from minigrad.ops.transposed_convolution import conv_transpose2d_backward, conv_transpose2d_forward
from tests.minigrad.ops import test_transposed_convolution as transposed

SETTINGS = [
    {},
    {"stride": (2, 3), "padding": (1, 2)},
    {"dilation": (2, 1), "padding": (3, 0)},
    {"stride": (3, 4), "padding": 2, "dilation": (1, 2)},  # pixels that no window sees
    {"padding": "same", "groups": 2},
    {"stride": 2, "padding": 5},  # windows that see nothing but border
    {"stride": (1, 14)},  # patches that lie apart
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_device_and_host_agree(settings, dtype, cupy):
    agree(settings, 5, dtype, cupy)


@pytest.mark.parametrize("settings", SETTINGS[1:4], ids=str)
@pytest.mark.parametrize(("sums", "threads"), [(8, 2**12), (1, 1)], ids=["some", "one"])
def test_with_fewer_sums_a_thread_and_fewer_threads(settings, sums, threads, cupy, monkeypatch):
    monkeypatch.setattr(convolution, "MOST_SUMS", sums)
    monkeypatch.setattr(convolution, "THREADS", threads)
    agree(settings, 5, np.float64, cupy)


@pytest.mark.parametrize("across", [1, 2, 3, 5, 16, 64])
@pytest.mark.parametrize("results", [1, 6, 64, 97])
def test_a_thread_never_holds_more_sums_than_there_are_registers_for(results, across):
    number, pixels = convolution._at_once(results, across)
    assert results % number == 0 and pixels % across == 0
    assert number * pixels <= convolution.MOST_SUMS


@pytest.mark.parametrize("batch", [0, 1, 33])
def test_of_no_image_and_of_more_than_a_warp(batch, cupy):
    agree({}, batch, np.float64, cupy)


@pytest.mark.parametrize("kernel", [(1, 1), (1, 7), (9, 1)])
def test_filters_of_other_shapes(kernel, cupy):
    agree({"padding": 1, "stride": (1, 2)}, 3, np.float64, cupy, kernel)


@transposed.each_case
@transposed.with_bias
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_run_backwards_they_agree_too(x, w, settings, bias, dtype, cupy):
    arrays = [None if one is None else one.astype(dtype) for one in transposed.filled(x, w, settings, bias)]
    same_there((conv_transpose2d_forward, conv_transpose2d_backward), arrays, settings, cupy)


@pytest.mark.parametrize("batch", [0, 33])
@pytest.mark.parametrize(("sums", "threads"), [(64, 2**17), (1, 1)], ids=["many", "one"])
def test_run_backwards_of_no_image_and_with_few_sums_a_thread(batch, sums, threads, cupy, monkeypatch):
    monkeypatch.setattr(convolution, "MOST_SUMS", sums)
    monkeypatch.setattr(convolution, "THREADS", threads)
    arrays = transposed.filled((batch, 4, 3, 5), (4, 3, 3, 2), {})
    settings = {"stride": (2, 3), "padding": 1, "output_padding": (1, 2)}
    same_there((conv_transpose2d_forward, conv_transpose2d_backward), arrays, settings, cupy)


def agree(settings, batch, dtype, cupy, kernel=(3, 2)):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in ((batch, 4, 9, 16), (6, 4, *kernel), (6,)))
    w = w[:, : 4 // settings.get("groups", 1)]
    same_there((conv2d_forward, conv2d_backward), (x, w, b), settings, cupy)


def same_there(pair, arrays, settings, cupy):
    """The output and all gradients, on the device and here."""
    here, cache = pair[0](*arrays, **settings)
    there, its_cache = pair[0](*(None if one is None else cupy.asarray(one) for one in arrays), **settings)
    dout = np.random.default_rng(1).standard_normal(here.shape).astype(here.dtype)
    results = zip(pair[1](dout, cache), pair[1](cupy.asarray(dout), its_cache), strict=True)
    for one, other in [(here, there), *results]:
        if one is None:
            assert other is None
            continue
        assert one.dtype == other.dtype == arrays[0].dtype
        tolerance = 1e-12 if one.dtype == np.float64 else 2e-3
        np.testing.assert_allclose(other.get(), one, rtol=tolerance, atol=tolerance)


def test_one_channel_with_and_without_a_bias(cupy):
    x, w, b = np.ones((2, 1, 3, 3)), np.ones((1, 1, 3, 3)), np.array([0.5])
    for bias in (None, b):
        out, cache = conv2d_forward(*(None if one is None else cupy.asarray(one) for one in (x, w, bias)))
        assert (out.get() == (9 if bias is None else 9.5)).all()
        dx, dw, db = conv2d_backward(cupy.ones_like(out), cache)
        assert (dx.get() == 1).all() and (dw.get() == 2).all()
        assert db is None if bias is None else db.get() == 2
