"""Memory that is used again: by one array at a time, as long as anything looks into it, and not without end."""

import gc

import numpy as np
import pytest

from minigrad import memory
from minigrad.memory import LARGE, MOST_IDLE

SHAPE = (3, LARGE // 4)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(memory, "_waiting", memory._Waiting())


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_of_an_array_that_is_gone_is_used_again_by_one_of_its_size():
    array = memory.empty(SHAPE, np.float32)
    where = address(array)
    del array
    again = memory.empty(SHAPE[::-1], np.int32)
    assert address(again) == where
    assert again.flags.writeable and again.flags.c_contiguous


def test_two_arrays_that_live_never_share_memory():
    arrays = [memory.empty(SHAPE, np.float32) for _ in range(5)]
    del arrays[2]
    arrays += [memory.empty(SHAPE, np.float32) for _ in range(3)]
    for i, one in enumerate(arrays):
        assert not any(np.shares_memory(one, other) for other in arrays[:i])


def test_a_view_keeps_its_memory():
    view = memory.empty(SHAPE, np.float32)[1:].T[::2]
    view[...] = 7
    gc.collect()
    memory.empty(SHAPE, np.float32).fill(0)
    assert (view == 7).all()


def test_zeros_are_zeros_whatever_was_there():
    memory.empty(SHAPE, np.float32).fill(7)
    assert not memory.zeros(SHAPE, np.float32).any()


def test_the_axes_lie_in_memory_as_those_of_the_array_that_is_to_be_resembled():
    x = np.empty((8, 16, 3, LARGE // 64)).transpose(2, 0, 3, 1)
    like = memory.empty_like(x)
    assert (like.shape, like.dtype, like.strides) == (x.shape, x.dtype, x.strides)


def test_small_arrays_are_left_to_numpy():
    assert memory.empty((LARGE // 4 - 1,), np.float32).base is None


def test_no_more_waits_than_may():
    for i in range(40):
        memory.empty((MOST_IDLE // 8 + i,), np.uint8)
    assert memory._waiting._idle <= MOST_IDLE
    assert sum(piece.size for pieces in memory._waiting._by_size.values() for piece in pieces) == memory._waiting._idle


def test_what_waits_is_counted_as_it_comes_and_goes():
    for _ in range(5):
        arrays = [memory.empty(SHAPE, np.float32) for _ in range(3)]
        del arrays[1:]
    arrays.clear()
    assert memory._waiting._idle == sum(piece.size for pieces in memory._waiting._by_size.values() for piece in pieces)
