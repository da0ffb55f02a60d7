"""What has a kernel of its own, on the cases at which a kernel goes wrong: it gives what the NumPy lines give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.ops import elementwise, pooling
from tests.device_guard.arrays import opened
from tests.minigrad.ops import test_pooling
from tests.minigrad.ops.images import ORDERS
from tests.minigrad.parity import draw


def there(thing: Any, cupy: Any) -> Any:
    """Arrays on the device, in the memory order that they have here."""
    if isinstance(thing, tuple):
        return tuple(there(one, cupy) for one in thing)
    return cupy.array(thing) if isinstance(thing, np.ndarray) else thing


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
        compare(opened(found), expected, **tolerance)


def lies_alike(one: Any, other: Any) -> bool:
    """Whether the axes have the same order in memory."""
    return np.argsort(one._host.strides).tolist() == np.argsort(other._host.strides).tolist()


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
    assert (
        not x.size or dx._host.transpose(1, 2, 3, 0).flags.c_contiguous
    )  # the batch innermost, as the next op wants it


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
