"""Picking and putting along an axis, and by masks: PyTorch's values and gradients, bad indices named."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw

X = draw(3, 4)
PLACES = np.array([[0, 2, 2], [1, 0, 2]])  # with a repeat, and smaller than X


@pytest.mark.parametrize("dim", [0, -2])
def test_gather_is_torchs_also_with_repeats(dim):
    agrees_with_torch(lambda lib, x, i: lib.gather(x, dim, i), X, PLACES)
    agrees_with_torch(lambda lib, x, i: x.gather(1, i), X, np.array([[3], [0], [3]]))
    agrees_with_torch(lambda lib, x, i: x.gather(1, i), draw(2, 3, 4), np.zeros((2, 5, 4), int) + 2)


def test_the_score_of_the_label_is_picked_as_in_every_course():
    agrees_with_torch(lambda lib, x, y: -x.log_softmax(1).gather(1, y.unsqueeze(1)).mean(), X, np.array([1, 3, 0]))
    agrees_with_torch(lambda lib, x, y: x[lib.arange(3), y], X, np.array([1, 3, 0]))


def test_index_select_is_torchs():
    for dim in (0, 1, -1):
        agrees_with_torch(lambda lib, x, i, dim=dim: lib.index_select(x, dim, i), X, np.array([2, 0, 2]))
    agrees_with_torch(lambda lib, x, i: x.index_select(0, i), X, np.array([], int))
    for scalar in (draw(), np.array(True)):
        agrees_with_torch(lambda lib, x, i: x.index_select(0, i), scalar, np.array([0]))


def test_take_along_dim_broadcasts():
    agrees_with_torch(lambda lib, x, i: lib.take_along_dim(x, i, 1), X, np.array([[0, 3]]))
    agrees_with_torch(lambda lib, x, i: lib.take_along_dim(x, i, dim=0), draw(3, 1), PLACES)
    agrees_with_torch(lambda lib, x, i: x.take_along_dim(i), X, np.array([11, 0, 0]))


def test_take_along_dim_counts_negative_indices_from_the_end():
    agrees_with_torch(lambda lib, x, i: lib.take_along_dim(x, i, 1), X, np.array([[0, -1, -4]]))
    for beyond in (-5, 4):
        with pytest.raises(IndexError, match=r"^take_along_dim: the index must lie in 0\.\.3, got"):
            mg.take_along_dim(mg.tensor(X), mg.tensor([[beyond]]), 1)


def test_scatter_is_torchs():
    index = np.array([[0, 2, 1], [1, 0, 2]])
    agrees_with_torch(lambda lib, x, i, src: lib.scatter(x, 0, i, src), X, index, draw(2, 3, seed=3))
    agrees_with_torch(lambda lib, x, i, src: x.scatter(0, i, src.detach()), X, index, draw(3, 5, seed=3))  # longer
    agrees_with_torch(lambda lib, x, i: x.scatter(0, i, 2.5), X, index)


def test_what_is_added_at_repeated_places_adds_up():
    agrees_with_torch(lambda lib, x, i, src: lib.scatter_add(x, 0, i, src), X, PLACES, draw(2, 3, seed=3))
    agrees_with_torch(lambda lib, x, i, src: x.index_add(0, i, src), X, np.array([2, 2]), draw(2, 4, seed=3))
    agrees_with_torch(lambda lib, x, i, s: x.index_add(1, i, s, alpha=3), X, np.array([2, 0, 2]), draw(3, 3, seed=3))
    for index, source in ((np.array([0]), draw()), (np.array(0), draw())):
        agrees_with_torch(lambda lib, x, i, s: x.index_add(0, i, s, alpha=3), draw(seed=1), index, source)


MASK = np.array([[True, False, False, True]] * 2 + [[False, True, False, False]])


def test_masks_are_torchs():
    agrees_with_torch(lambda lib, x, m: x.masked_fill(m, -np.inf).softmax(1), X, MASK)
    agrees_with_torch(lambda lib, x, m, v: lib.masked_fill(x, m, v), X, MASK[:1], draw())
    agrees_with_torch(lambda lib, x, m: lib.masked_select(x, m), X, MASK)
    agrees_with_torch(lambda lib, x, m: x.masked_select(m), draw(4), MASK)
    agrees_with_torch(lambda lib, m: m.nonzero(), MASK)
    agrees_with_torch(lambda lib, x: lib.nonzero(x.detach(), as_tuple=True), X)
    for scalar in (np.array(True), np.array(False)):
        agrees_with_torch(lambda lib, m: m.nonzero(), scalar)


@pytest.mark.parametrize("offset", [-3, -1, 0, 1, 4])
def test_diagonals_and_triangles_are_torchs(offset):
    for name in ("tril", "triu", "diag"):
        agrees_with_torch(lambda lib, x, name=name: getattr(lib, name)(x, offset), X)
    agrees_with_torch(lambda lib, x: x.tril(offset), draw(2, 3, 3))
    agrees_with_torch(lambda lib, x: lib.diag(x, offset), draw(3))
    agrees_with_torch(lambda lib, x: lib.diagonal(x, offset, 2, 0), draw(2, 3, 4))


MIXED = {
    "integer, tuple, None, array": lambda lib, x: x[1, (2, 1, 0), None, [0, 1, 2]],
    "integer, range, array": lambda lib, x: x[1, range(3), [2, 0, 1]],
    "integer, slice, tuple": lambda lib, x: x[0, :, (3, 1)],
    "array, True": lambda lib, x: x[lib.tensor([[0, 1]]), True],
    "True, array": lambda lib, x: x[True, [1, 0, 1]],
    "integer, True, array": lambda lib, x: x[0, True, [1, 2]],
    "True, integer, array": lambda lib, x: x[True, 0, [1, 2]],
    "integer, False, array": lambda lib, x: x[0, False, [1]],
    "None, True, integer": lambda lib, x: x[None, True, 0],
    "rows by range, columns by label": lambda lib, x: x[0][range(3), lib.tensor([3, 0, 1])],
}


@pytest.mark.parametrize("name", MIXED)
def test_an_index_of_many_kinds_is_torchs(name):
    agrees_with_torch(MIXED[name], draw(2, 3, 4, 3))


def test_a_ragged_index_is_named():
    with pytest.raises(IndexError, match=r"^getitem: the rows of a list of places must be equally long, got \[\[0\], "):
        mg.zeros(3, 3)[[[0], [1, 2]]]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float16"])
def test_a_triangle_keeps_its_dtype(dtype):
    agrees_with_torch(lambda lib, x: [x.tril(), x.triu()], np.ones((3, 3), dtype))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.gather(0, mg.tensor([[0, 3]])), r"^gather: the index must lie in 0\.\.2, got 3"),
        (lambda x: x.gather(0, mg.tensor([[-1]])), r"^gather: the index must lie in 0\.\.2, got -1"),
        (lambda x: x.gather(0, mg.tensor([0])), r"^gather: the index must have as many axes as x"),
        (
            lambda x: x.gather(0, mg.zeros(1, 5, dtype=mg.int64)),
            r"nowhere longer but along dim 0, got \(1, 5\) for \(3, 4\)",
        ),
        (lambda x: x.gather(0, mg.zeros(1, 1)), r"^gather: the index must be integers, got float32"),
        (lambda x: x.index_select(1, mg.tensor([4])), r"^index_select: the index must lie in 0\.\.3, got 4"),
        (lambda x: x.index_select(1, mg.tensor([[1]])), r"^index_select: index must be a vector"),
        (lambda x: x.scatter(0, mg.tensor([[0, 1]]), mg.zeros(1, 1)), r"^scatter: src must be nowhere shorter"),
        (
            lambda x: x.scatter_add(0, mg.tensor([[0]]), mg.zeros(1, 1).double()),
            r"^scatter_add: both tensors must be of one",
        ),
        (lambda x: x.index_add(0, mg.tensor([0]), mg.zeros(4)), r"^index_add: source must be \(1, 4\)"),
        (lambda x: x.masked_fill(mg.ones(4), 0), r"^masked_fill: the mask must be a bool tensor, got float32"),
        (
            lambda x: x.long().masked_fill(mg.ones(4).bool(), mg.tensor(0.5)),
            r"^masked_fill: tensor\(0\.5\) cannot be put into a int64 tensor",
        ),
        (lambda x: x.masked_select(x), r"^masked_select: the mask must be a bool"),
        (lambda x: x[0].tril(), r"^tril: expected matrices"),
        (lambda x: mg.diag(x.expand(2, 3, 4)), r"^diag: expected a vector or a matrix"),
        (lambda x: x.diagonal(0, 1, 1), r"^diagonal: dim1 and dim2 must be two axes"),
    ],
)
def test_a_bad_index_is_named(call, message):
    with pytest.raises((ValueError, IndexError, TypeError), match=message):
        call(mg.zeros(3, 4))


def test_in_place_masked_fill_writes_into_x():
    x = mg.tensor(X)
    assert x.masked_fill_(mg.tensor(MASK), 7) is x
    np.testing.assert_array_equal(x.array, np.where(MASK, 7, X))


CALLS = [
    "x.gather(dim=1, index=i, sparse_grad=False)",
    "x[0, 0].gather(0, i[0] * 0)",
    "x[0].gather(-1, i[0, 0])",
    "x.gather(1, i[:0, 0])",
    "x.scatter(dim=0, index=i, src=x[:2])",
    "x.scatter(0, i, value=2)",
    "x.detach().scatter(0, i, 2.0, reduce='add')",
    "x.scatter_add(dim=0, index=i, src=x[:2])",
    "x.index_add(dim=0, index=i[0], source=x, alpha=2)",
    "x.index_select(dim=0, index=i[0])",
    "x.masked_fill(mask=x > 0, value=-1)",
    "x.long().masked_fill(x > 0, 1.5)",
    "x.masked_select(mask=x > 0)",
    "x.take_along_dim(indices=i, dim=0)",
    "x.tril(diagonal=-1)",
    "x.diag(diagonal=1)",
    "x.diagonal(offset=-1, dim1=1, dim2=0)",
    "lib.argwhere(x > 0)",
]


@pytest.mark.parametrize("call", CALLS)
def test_arguments_have_torchs_names(call):
    agrees_with_torch(eval(f"lambda lib, x, i: {call}"), draw(3, 3), np.array([[0, 2, 1], [1, 0, 2]]))


def test_scatter_reduces_by_adding_only():
    with pytest.raises(ValueError, match=r"^scatter: reduce must be None or 'add', got 'multiply'"):
        mg.ones(2).scatter(0, mg.tensor([0]), 2.0, reduce="multiply")


# -- assignment --------------------------------------------------------------------------------------------------------

PLACES_TO_WRITE = [
    "0",
    "slice(1, 3)",
    "...",
    "None",
    "()",
    "(1, 2, 0)",
    "(None, slice(None), None, 1)",
    "[0, 2, 3]",
    "[]",
    "lib.tensor([[0, 1], [3, 2]])",
    "lib.tensor(2)",
    "lib.tensor(True)",
    "([0, 1, 2], [2, 1, 0])",
    "([[0], [1]], [0, 2])",
    "(1, slice(None), [1, 0])",
    "([0, 1], slice(None), [1, 0])",
    "([0, 1], slice(None), 1)",
    "(slice(None), 0, None, [0, 1])",
    "(1, ..., [1, 0])",
    "lib.arange(4) > 1",
    "(lib.arange(4) > 1, 0)",
    "(0, lib.arange(3) > 0)",
    "lib.arange(24).reshape(4, 3, 2) % 5 == 0",
    "lib.zeros(4, dtype=lib.bool)",
    "(lib.arange(4) > 2, lib.arange(3) > 0)",
    "[True, False, True, False]",
]
VALUES = [
    "7.5",
    "True",
    "lib.tensor(5.0)",
    "lib.tensor([1.5, 2.5])",
    "-lib.ones(1, 1, 1, 1)",
    "-lib.ones((1, *old.shape))",
    "old * 2 + 1",
    "lib.ones(7)",
]


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("place", PLACES_TO_WRITE)
def test_assignment_is_torchs(torch, place, values):
    """The same elements, or an error in our own words where PyTorch has one."""

    def written(lib):
        x = lib.arange(24, dtype=lib.float32).reshape(4, 3, 2)
        index = eval(place, {"lib": lib})
        x[index] = eval(values, {"lib": lib, "old": x[index]})
        return x.tolist()

    try:
        expected = written(torch)
    except (RuntimeError, IndexError, TypeError, ValueError):
        with pytest.raises((mg.ShapeError, IndexError), match=r"^setitem: .*of shape \(4, 3, 2\)"):
            written(mg)
        return
    assert written(mg) == expected


def test_values_are_converted_and_may_be_arrays_lists_and_numpys_numbers():
    x = mg.zeros(3, dtype=mg.int64)
    x[0], x[1:], x[[2]] = 2.7, np.array([1.5, 3.5]), mg.tensor(4.5)
    assert x.tolist() == [2, 1, 4]
    x[:2], x[2] = [5, 6], np.float32(7)
    assert x.tolist() == [5, 6, 7]
    assert x.dtype == mg.int64


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.__setitem__(0, None), TypeError, r"setitem: expected a number or a tensor of values, got None"),
        (lambda x: x.__setitem__(0, "a"), TypeError, r"setitem: expected a number or a tensor of values, got 'a'"),
        (lambda x: x.__setitem__(slice(0.5, None), 1), mg.DtypeError, r"setitem: slice indices must be integers"),
        (lambda x: x.expand(2, 3).__setitem__(0, 1.0), RuntimeError, r"setitem: .*memory that must not be written to"),
        (lambda x: x.byte().__setitem__(0, 300), OverflowError, r"setitem: .*The tensor is uint8, of shape \(3,\)"),
        (lambda x: x.__setitem__(3, 1.0), IndexError, r"setitem: index 3 is out of bounds"),
    ],
)
def test_a_wrong_assignment_is_explained(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call(mg.ones(3))
