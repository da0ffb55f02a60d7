"""Picking by index: each gradient goes back to the element's old place, and what was picked twice collects both."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import indexing
from tests.minigrad.parity import agrees_with_torch, draw, draws, locked, slopes_agree

INDICES = {
    "integer": 1,
    "last": -1,
    "slice": slice(1, 3),
    "steps": slice(None, None, 2),
    "nothing": slice(2, 2),
    "everything": ...,
    "new_axis": None,
    "empty_tuple": (),
    "integers": (1, 2, 0),
    "integer_and_slice": (1, slice(1, None)),
    "ellipsis_and_integer": (..., 1),
    "ellipsis_in_between": (0, ..., slice(0, 2)),
    "new_axes": (None, slice(None), None, 1),
    "numpy_integer": np.int64(2),
    "list": [0, 2, 3],
    "empty_list": [],
    "repeated": [1, 1, 1, 0],
    "negative_repeated": [0, -4, 3, -1],
    "table": np.array([[0, 1], [1, 0]]),
    "two_lists": ([0, 1, 1], [2, 2, 2]),
    "broadcast_lists": ([[0], [1]], [0, 2]),
    "list_and_slice": ([0, 0, 3], slice(0, 2)),
    "slice_and_list": (slice(1, None), [0, 0, 2]),
    "ellipsis_and_list": (..., [1, 1]),
    "list_and_integer": ([0, 1], 1),
    "integer_first_then_list": (1, slice(None), [1, 0, 1]),
    "integer_and_new_axis_and_list": (slice(None), 0, None, [0, 1, 0]),
    "list_slice_integer": ([3, 3], slice(None), 1),
    "separated_lists": ([0, 1], slice(None), [1, 0]),
    "ellipsis_integer_list": (1, ..., [1, 0, 0]),
    "new_axis_and_list": (None, [0, 1], slice(1, None)),
    "mask": np.arange(4) % 2 == 0,
    "mask_of_all": np.arange(24).reshape(4, 3, 2) % 5 == 0,
    "mask_of_two_axes": np.arange(12).reshape(4, 3) % 2 == 1,
    "mask_and_integer": (np.arange(12).reshape(4, 3) % 2 == 1, 1),
    "integer_and_mask": (1, np.arange(6).reshape(3, 2) % 4 == 0),
    "mask_and_slice": (np.arange(4) > 1, slice(1, None)),
    "mask_of_nothing": np.zeros(4, bool),
    "list_of_bools": [True, False, True, False],
    "true": True,
}


def tensors_in(lib, index):
    """`index` with tensors in the place of NumPy's arrays."""
    if isinstance(index, tuple):
        return tuple(tensors_in(lib, part) for part in index)
    return lib.tensor(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("name", INDICES)
def test_indices_are_torchs(name):
    agrees_with_torch(lambda lib, x: x[tensors_in(lib, INDICES[name])], draw(4, 3, 2))


@pytest.mark.parametrize("name", INDICES)
def test_the_bare_getitem_pair_has_the_right_slope(name):
    slopes_agree(indexing.getitem_forward, indexing.getitem_backward, draw(4, 3, 2), index=INDICES[name])


@pytest.mark.parametrize("index", [np.array([0, 2, 2]), np.array(1), np.array([[0], [3]])], ids=str)
def test_integer_tensors_and_arrays_are_indices(index):
    agrees_with_torch(lambda lib, x: x[lib.tensor(index)], draw(4, 3))
    agrees_with_torch(lambda lib, x: x[index if lib is mg else lib.tensor(index)], draw(4, 3))
    agrees_with_torch(lambda lib, x: x[:, None, 1][lib.tensor(index)], draw(4, 3))


def test_lists_may_hold_tensors_or_be_nested():
    x = mg.arange(5)
    assert x[[mg.tensor(1), mg.tensor(3)]].tolist() == [1, 3]
    assert x[[[0, 1], [4, 0]]].tolist() == [[0, 1], [4, 0]]


@pytest.mark.parametrize("index", [slice(None, None, -1), (slice(3, 0, -2), slice(None)), (..., slice(None, None, -1))])
def test_negative_steps_work_as_in_numpy(index):
    array, dout = draws((4, 3), (4, 3))
    x = mg.tensor(array, requires_grad=True)
    out = x[index]
    np.testing.assert_array_equal(out.detach().numpy(), array[index])
    upstream = dout[: out.shape[0]]
    out.backward(mg.tensor(upstream))
    expected = np.zeros_like(array)
    expected[index] = upstream
    np.testing.assert_array_equal(x.grad.numpy(), expected)


def test_iterating_gives_the_rows_in_the_graph():
    agrees_with_torch(lambda lib, x: [row * (i + 1) for i, row in enumerate(x)], draw(3, 2))


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (9, r"index 9 is out of bounds"),
        ((0, 0, 0), r"too many indices"),
        ([0, 9], r"index 9 is out of bounds"),
        ([0.5], r"arrays used as indices must be of integer"),
        (np.array([True]), r"boolean index did not match"),
    ],
)
def test_a_wrong_index_is_explained_with_op_and_shape(index, words):
    with pytest.raises(IndexError, match=rf"^getitem: {words}.*float32 \(4, 3\)"):
        mg.ones(4, 3)[index]


# -- putting, and adding at places -------------------------------------------------------------------------------------

ONCE = {
    "slice": slice(1, 3),
    "integer": 1,
    "table": (np.array([[0, 3], [2, 1]]), slice(0, 2)),
    "mask": np.arange(4) > 1,
}
OFTEN = {
    "rows": np.array([1, 1, -1, 1]),
    "a table of rows": np.array([[0, 3], [0, 0]]),
    "one row": np.array(2),
    "no rows": np.array([], int),
    "columns": (slice(None), np.array([2, 0, 2, -1])),
    "behind": (slice(None), slice(None), np.array([1, 1])),
    "elements": (np.array([0, 0, 3]), np.array([1, 1, 2]), np.array([0, 0, -1])),
    "pairs": (np.array([0, 0, 3]), np.array([1, 1, 2])),
    "broadcast": (np.array([[0], [3]]), np.array([1, 1])),
    "a part of the rows": (np.array([1, 1]), slice(0, 2)),
    "new axis": (None, np.array([1, 1])),
    "behind all": (..., np.array([1, 0, 1])),
    "backwards": (slice(None, None, -1), np.array([1, 1])),
    "a list": [2, 2],
}


@pytest.mark.parametrize("name", OFTEN)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
def test_what_is_added_at_repeated_places_adds_up(name, dtype):
    """Beside plain loops, over the elements of the index."""
    shape, index = (4, 3, 2), OFTEN[name]
    places = np.arange(24).reshape(shape)[index]
    values = np.round(draw(*places.shape) * 8).astype(dtype)
    expected = np.zeros(24, dtype)
    for place, value in zip(places.ravel(), values.ravel(), strict=True):
        expected[place] += value
    added = indexing.added_at(shape, index, locked(values))
    assert added.dtype == dtype
    np.testing.assert_array_equal(added, expected.reshape(shape))


@pytest.mark.parametrize("name", OFTEN)
def test_picking_and_adding_have_the_right_slopes(name):
    x, index = draw(4, 3, 2), OFTEN[name]
    slopes_agree(indexing.getitem_forward, indexing.getitem_backward, x, index=index)
    values = draw(*x[index].shape, seed=2)
    slopes_agree(indexing.put_forward, indexing.put_backward, x, values, index=index, accumulate=True)


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("accumulate", [False, True])
def test_putting_has_the_right_slopes(name, accumulate):
    x, index = draw(4, 3, 2), ONCE[name]
    values = draw(*x[index].shape, seed=2)
    slopes_agree(indexing.put_forward, indexing.put_backward, x, values, index=index, accumulate=accumulate)


def test_the_bare_pairs_keep_float32():
    x = locked(draw(4, 3).astype(np.float32))
    for index in ([0, 0], 1, np.array([0, 0])):
        out, cache = indexing.getitem_forward(x, index)
        assert indexing.getitem_backward(locked(out), cache).dtype == np.float32
        out, cache = indexing.put_forward(x, x[index], index, True)
        assert out.dtype == np.float32
        assert [gradient.dtype for gradient in indexing.put_backward(locked(out), cache)] == [np.float32] * 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint8, np.uint64])
def test_added_at_adds_what_add_at_does_bit_by_bit(kind, dtype):
    rng = np.random.default_rng(0)
    shape = (3, 120, 2)
    values = (100 * rng.standard_normal((50, 7))).astype(dtype)
    index = tuple(
        rng.integers(0, n, size).astype(kind) for n, size in zip(shape, [(50, 7), (7,), (50, 1)], strict=True)
    )
    if kind in (np.int8, np.int64):  # counted from the end
        index[1][::2] -= 120
    expected = np.zeros(shape, dtype)
    np.add.at(expected, index, values)
    np.testing.assert_array_equal(indexing.added_at(shape, index, values), expected)
