"""What has a kernel of its own, on the cases at which a kernel goes wrong: it gives what the NumPy lines give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.kernels import normalization as normalization_kernels
from minigrad.kernels import softmax as softmax_kernels
from minigrad.ops import (
    average_pooling,
    convolution,
    elementwise,
    interpolation,
    linear,
    normalization,
    pooling,
    softmax,
    transposed_convolution,
)
from tests.benchmarks import nets
from tests.device_guard.arrays import launches
from tests.device_guard.both import only_on_the_stand_in
from tests.minigrad.ops import test_average_pooling, test_interpolation, test_pooling
from tests.minigrad.ops.images import ORDERS, batch_innermost
from tests.minigrad.parity import draw


def there(thing: Any, cupy: Any) -> Any:
    """Arrays on the device, in the memory order that they have here."""
    if isinstance(thing, tuple):
        return tuple(there(one, cupy) for one in thing)
    if not isinstance(thing, np.ndarray):
        return thing
    outermost_first = sorted(range(thing.ndim), key=lambda axis: -abs(thing.strides[axis]))
    back = sorted(range(thing.ndim), key=outermost_first.__getitem__)
    return cupy.array(np.ascontiguousarray(thing.transpose(outermost_first))).transpose(back)


def same(found: Any, expected: Any, **tolerance: float) -> None:
    """Equal, of the same dtypes; within the tolerance, if one is given."""
    if isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            same(one, other, **tolerance)
    elif expected is None:
        assert found is None
    else:
        assert found.dtype == expected.dtype
        compare = np.testing.assert_allclose if tolerance else np.testing.assert_array_equal
        compare(found.get(), expected, **tolerance)


def agree(
    pair: tuple, arrays: tuple, cupy: Any, dtype: str = "float64", douts: int = 1, after: tuple = (), **settings: Any
) -> None:
    """The outputs and all gradients. after: settings that come after the arrays."""
    near = {"float64": 1e-13, "float32": 1e-5, "float16": 2e-3}[dtype]
    here, cache = pair[0](*arrays, *after, **settings)
    outs, cache_there = pair[0](*there(arrays, cupy), *after, **settings)
    same(outs, here, rtol=near, atol=near)
    outputs = here if isinstance(here, tuple) else (here,)
    upstream = tuple(draw(*out.shape, seed=7 + i).astype(out.dtype) for i, out in enumerate(outputs))
    upstream = (*upstream[:douts], *(None for _ in upstream[douts:]))
    dout, dout_there = (one if isinstance(here, tuple) else one[0] for one in (upstream, there(upstream, cupy)))
    same(pair[1](dout_there, cache_there), pair[1](dout, cache), rtol=near, atol=10 * near)


def lies_alike(one: Any, other: Any) -> bool:
    """Whether the axes have the same order in memory."""
    return np.argsort(one.strides).tolist() == np.argsort(other.strides).tolist()


# -- max-pooling -------------------------------------------------------------------------------------------------------


def both_ways(x: np.ndarray, settings: tuple, cupy: Any) -> None:
    here, cache = pooling.max_pool2d_forward(x, *settings, return_indices=True)
    outs, cache_there = pooling.max_pool2d_forward(cupy.array(x), *settings, return_indices=True)
    same(outs, here)
    same(cache_there[1], cache[1])
    dtype = x.dtype if x.dtype.kind == "f" else np.float32
    dout = draw(*here[0].shape, seed=5).astype(dtype)
    dx = pooling.max_pool2d_backward((cupy.array(dout), None), cache_there)
    same(dx, pooling.max_pool2d_backward((dout, None), cache))
    assert not x.size or dx.transpose(1, 2, 3, 0).flags.c_contiguous  # the batch innermost, as the next op wants it


@test_pooling.each_case
@test_pooling.each_input
@pytest.mark.parametrize("order", ORDERS)
def test_max_pooling(x, settings, order, cupy):
    both_ways(ORDERS[order](x), settings, cupy)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint8", "int64"])
def test_max_pooling_of_other_dtypes(dtype, cupy):
    both_ways((100 * abs(draw(3, 2, 7, 8))).astype(dtype), (3, 2, 1, 1, True), cupy)


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((1, 1, 5, 4), (2, 1)),  # one image
        ((0, 2, 5, 4), (2, 1)),  # none
        ((2, 0, 5, 4), (2, 1)),  # no channel
        ((2, 1, 4, 4), (2, 1, 1, 5)),  # a window so wide that all it sees is the border
        ((2, 1, 20, 20), (17, 3, 8)),  # more places than a byte can number
    ],
)
def test_max_pooling_at_the_limits(shape, settings, cupy):
    both_ways(draw(*shape), settings, cupy)


# -- average-pooling ---------------------------------------------------------------------------------------------------

AVG_POOL = average_pooling.avg_pool2d_forward, average_pooling.avg_pool2d_backward
ADAPTIVE = average_pooling.adaptive_avg_pool2d_forward, average_pooling.adaptive_avg_pool2d_backward
EACH_POOLING = {"avg_pool2d": AVG_POOL, "adaptive_avg_pool2d": ADAPTIVE}


@test_average_pooling.each_case
@test_average_pooling.each_batch
@pytest.mark.parametrize("order", ORDERS)
def test_average_pooling_of_every_kind(name, settings, batch, order, cupy):
    agree(EACH_POOLING[name], (ORDERS[order](draw(batch, 2, 7, 8)),), cupy, after=settings)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_average_pooling_of_other_dtypes(dtype, cupy):
    x = draw(3, 2, 7, 8).astype(dtype)
    agree(AVG_POOL, (x,), cupy, dtype, after=(3, 2, 1, True, False))
    agree(ADAPTIVE, (x,), cupy, dtype, after=((7, 4),))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4), (6, 1)])
def test_more_windows_than_there_are_rows_or_columns(height, width, cupy):
    agree(ADAPTIVE, (draw(2, 3, height, width),), cupy, after=((3, 2),))


def test_the_gradient_of_average_pooling_lies_as_the_images(cupy):
    x = there(batch_innermost(draw(5, 3, 8, 6)), cupy)
    for (forward, backward), settings in ((AVG_POOL, (2,)), (ADAPTIVE, (1,))):
        out, cache = forward(x, *settings)
        assert all(one.transpose(1, 2, 3, 0).flags.c_contiguous for one in (out, backward(out, cache)))


# -- interpolation -----------------------------------------------------------------------------------------------------

INTERPOLATE = interpolation.interpolate_forward, interpolation.interpolate_backward


@test_interpolation.each_mode
@test_interpolation.each_size
@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("order", ORDERS)
def test_interpolation_of_every_kind(size, scale, mode, align_corners, batch, order, cupy):
    x = ORDERS[order](draw(batch, 2, 5, 7))
    agree(INTERPOLATE, (x,), cupy, after=(size, mode, align_corners, scale or (None, None)))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_interpolation_of_other_dtypes(dtype, cupy):
    agree(INTERPOLATE, (draw(3, 2, 5, 7).astype(dtype),), cupy, dtype, after=((9, 4), "bilinear"))


# -- softmax -----------------------------------------------------------------------------------------------------------

SOFTMAX = softmax.softmax_forward, softmax.softmax_backward
LOG_SOFTMAX = softmax.log_softmax_forward, softmax.log_softmax_backward


@pytest.mark.parametrize("pair", [SOFTMAX, LOG_SOFTMAX])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((5, 4), 1), ((5, 4), 0), ((2, 3, 4, 5), 1), ((2, 3, 4, 5), -1), ((3,), 0), ((0, 3), 1), ((3, 0), 0)],
)
@pytest.mark.parametrize("order", ["C order", "strided"])
def test_softmax(pair, shape, axis, order, cupy):
    agree(pair, (ORDERS[order](5 * draw(*shape)),), cupy, axis=axis)


@pytest.mark.parametrize("pair", [SOFTMAX, LOG_SOFTMAX])
def test_softmax_of_long_rows_and_of_other_dtypes(pair, cupy):
    for length in (softmax_kernels.LONGEST, softmax_kernels.LONGEST + 1):
        agree(pair, (draw(3, length),), cupy, axis=1)
    for dtype in ("float16", "float32"):
        agree(pair, (draw(3, 5).astype(dtype),), cupy, dtype, axis=1)


@pytest.mark.parametrize("pair", [SOFTMAX, LOG_SOFTMAX])
def test_softmax_of_what_overflows_or_is_no_number(pair, cupy):
    inf, nan = np.inf, np.nan
    x = np.array([[1e4, -1e4, 0], [-inf, 1, 2], [inf, 1, 2], [-inf] * 3, [nan, 1, 2], [1, nan, 2]])
    with np.errstate(all="ignore"):
        agree(pair, (x,), cupy, axis=1)


# -- relu --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_relu_keeps_the_order_of_memory(order, dtype, cupy):
    x = ORDERS[order](draw(3, 2, 4, 5).astype(dtype))
    special = np.array(x)
    special[0, 0, 0] = [0, -0.0, np.nan, np.inf, -np.inf]
    for values in (x, special, x[0, 0, 0, 0]):
        on_device = cupy.asarray(values)
        dout = ORDERS["C order"](draw(*values.shape, seed=1).astype(dtype))
        out, cache = elementwise.relu_forward(on_device)
        dx = elementwise.relu_backward(cupy.asarray(dout), cache)
        same(out, elementwise.relu_forward(values)[0])
        same(dx, elementwise.relu_backward(dout, values))
        assert lies_alike(out, on_device) and lies_alike(dx, on_device)


# -- batch-norm and layer-norm -----------------------------------------------------------------------------------------


@pytest.fixture(params=[1, 2**7, 2**17])
def threads(request, monkeypatch):
    """So many threads share the rows: all of a row's numbers are one's, some are, or each has its own."""
    monkeypatch.setattr(normalization_kernels, "THREADS", request.param)
    monkeypatch.setattr(normalization_kernels, "SIDE_BY_SIDE", min(request.param, 32))


BATCH_NORM = normalization.batch_norm_forward, normalization.batch_norm_backward
BATCH_NORM_EVAL = normalization.batch_norm_eval_forward, normalization.batch_norm_eval_backward
LAYER_NORM = normalization.layer_norm_forward, normalization.layer_norm_backward


def per_channel(channels: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    return draw(channels, low=0.5, seed=1).astype(dtype), draw(channels, seed=2).astype(dtype)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("shape", [(5, 3, 7, 8), (4, 3, 5), (70, 2), (2, 1), (0, 3, 2), (3, 0, 2)])
def test_batch_norm(shape, cupy):
    x = 3 + draw(*shape)
    weight, bias = per_channel(shape[1])
    for douts in (1, 3):
        agree(BATCH_NORM, (x, weight, bias), cupy, douts=douts)
    agree(BATCH_NORM, (x, None, None), cupy)
    agree(BATCH_NORM_EVAL, (x, bias, weight, weight, bias), cupy)
    agree(BATCH_NORM_EVAL, (x, bias, weight, None, None), cupy)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("shape", [(3, 5), (2, 6, 5), (5,), (0, 5), (1, 200)])
def test_layer_norm(shape, cupy):
    weight, bias = per_channel(shape[-1])
    for one in ((weight, bias), (weight, None), (None, None)):
        agree(LAYER_NORM, (3 + draw(*shape), *one), cupy, normalized_shape=shape[-1:])


@pytest.mark.parametrize(
    ("dtype", "parameters"), [("float16", "float16"), ("float16", "float32"), ("float32", "float32")]
)
def test_normalization_of_other_dtypes(dtype, parameters, cupy):
    x, (weight, bias) = draw(6, 3, 4, 4).astype(dtype), per_channel(3, parameters)
    agree(BATCH_NORM, (x, weight, bias), cupy, dtype)
    agree(BATCH_NORM_EVAL, (x, bias, weight, weight, bias), cupy, dtype)
    weight, bias = per_channel(4, parameters)
    agree(LAYER_NORM, (x, weight, bias), cupy, dtype, normalized_shape=(4,))


@pytest.mark.parametrize("order", ORDERS)
def test_batch_norm_leaves_the_batch_innermost(order, cupy):
    x = ORDERS[order](draw(5, 3, 7, 8))
    agree(BATCH_NORM, (x, *per_channel(3)), cupy)
    (out, _, _), cache = normalization.batch_norm_forward(cupy.asarray(x), *there(per_channel(3), cupy))
    dx, _, _ = normalization.batch_norm_backward((out, None, None), cache)
    assert all(one.transpose(1, 2, 3, 0).flags.c_contiguous for one in (out, dx))


def test_the_spread_beside_a_large_mean_is_not_lost(cupy):
    x = (1000 + draw(2000, 2)).astype(np.float32)
    (_, mean, var), _ = normalization.batch_norm_forward(cupy.asarray(x), None, None)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean.get(), exact.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(var.get(), exact.var(axis=0), rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_running_statistics_follow_in_place(dtype):
    x, (var, mean) = draw(6, 3, 4).astype(dtype), per_channel(3, dtype)
    kept = {}
    for device in ("cpu", "cuda"):
        running = [mg.tensor(one.copy(), device=device) for one in (mean, var)]
        arrays = [one.array for one in running]
        F.batch_norm(mg.tensor(x, device=device), *running, training=True, momentum=0.3)
        assert all(one.array is array and one._version == 1 for one, array in zip(running, arrays, strict=True))
        kept[device] = [one.cpu().numpy() for one in running]
    near = {"float64": 1e-14, "float32": 1e-6, "float16": 1e-3}[dtype]
    np.testing.assert_allclose(kept["cuda"], kept["cpu"], rtol=near, atol=near)


def test_running_statistics_elsewhere_are_one_clear_error():
    x, running = mg.rand(4, 3, device="cuda"), [mg.zeros(3), mg.ones(3)]
    with pytest.raises(mg.DeviceError, match=r"^batch_norm: all tensors must be on one device"):
        F.batch_norm(x, *running, training=True)


# -- launches ----------------------------------------------------------------------------------------------------------

IMAGES, MATRIX = batch_innermost(draw(5, 3, 8, 6)), batch_innermost(draw(5, 4))
LAUNCHES = {  # the pair, its arrays and settings, and how many launches forward and backward are
    "max_pool2d": (pooling.max_pool2d_forward, pooling.max_pool2d_backward, (IMAGES, 3, 2, 1), 1, 1),
    "avg_pool2d": (*AVG_POOL, (IMAGES, 3, 2, 1), 1, 1),
    "conv2d": (convolution.conv2d_forward, convolution.conv2d_backward, (IMAGES, draw(4, 3, 3, 2), draw(4)), 2, 6),
    "conv_transpose2d": (
        *(transposed_convolution.conv_transpose2d_forward, transposed_convolution.conv_transpose2d_backward),
        *((IMAGES, draw(3, 4, 3, 2), draw(4), 2), 3, 7),
    ),
    "interpolate": (*INTERPOLATE, (IMAGES, 9, "bilinear"), 2, 2),
    "adaptive_avg_pool2d": (*ADAPTIVE, (IMAGES, 1), 1, 1),
    "softmax": (*SOFTMAX, (draw(5, 4), 1), 1, 1),
    "log_softmax": (*LOG_SOFTMAX, (draw(5, 4), 1), 1, 1),
    "relu": (elementwise.relu_forward, elementwise.relu_backward, (IMAGES,), 1, 1),
    "batch_norm": (*BATCH_NORM, (IMAGES, *per_channel(3)), 7, 5),
    "batch_norm_eval": (*BATCH_NORM_EVAL, (IMAGES, *per_channel(3), *per_channel(3)), 4, 5),
    "layer_norm": (*LAYER_NORM, (MATRIX.T, *per_channel(5), (5,)), 7, 9),
    "linear": (linear.linear_forward, linear.linear_backward, (MATRIX, draw(2, 4), draw(2)), 2, 3),
}


@only_on_the_stand_in
@pytest.mark.parametrize("name", LAUNCHES)
def test_how_many_launches_it_takes(name, cupy):
    forward, backward, args, ahead, back = LAUNCHES[name]
    args = there(args, cupy)
    with launches() as started:
        out, cache = forward(*args)
    assert len(started) == ahead, started
    dout = cupy.array(out[0]) if isinstance(out, tuple) else cupy.array(out)
    with launches() as started:
        backward((dout, None, None) if isinstance(out, tuple) else dout, cache)
    assert len(started) == back, started


@only_on_the_stand_in
@pytest.mark.parametrize(
    ("name", "count"), [("4320-128-4", 20), ("4320-100-100-100-4", 38), ("cnn", 48), ("cnn-bn", 80)]
)
def test_how_many_launches_a_training_step_takes(name, count):
    make, image = nets.NETS[name]
    step = nets.training_step(mg, make(mg), image, device="cuda", batch=4)
    step()
    with launches() as started:
        step()
    assert len(started) == count, started
