"""Joining and cutting: each undoes the other, pieces that nothing came back from get zeros, errors name the rule."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw, draws


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9, [2, 3], [5, 0], [0, 1, 4]], ids=str)
@pytest.mark.parametrize("dim", [1, -1])
def test_split_is_torchs(size, dim):
    agrees_with_torch(lambda lib, x: lib.split(x, size, dim), draw(2, 5))
    agrees_with_torch(lambda lib, x: x.split(size, dim=dim)[-1], draw(2, 5))  # nothing comes back to the others


@pytest.mark.parametrize(("chunks", "length"), [*itertools.product([1, 2, 3, 4, 7], [0, 1, 4, 6])])
def test_chunk_is_torchs(chunks, length):
    agrees_with_torch(lambda lib, x: lib.chunk(x, chunks, 1), draw(2, length))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_unbind_is_torchs_even_if_only_one_slice_is_used(dim):
    agrees_with_torch(lambda lib, x: lib.unbind(x, dim), draw(2, 3, 4))
    agrees_with_torch(lambda lib, x: x.unbind(dim)[1], draw(2, 3, 4))
    assert mg.zeros(0, 3).unbind() == ()


def test_cutting_and_joining_undo_each_other():
    x = mg.tensor(draw(4, 6))
    for dim in (0, 1):
        np.testing.assert_array_equal(mg.cat(x.split(2, dim), dim).array, x.array)
        np.testing.assert_array_equal(mg.stack(x.unbind(dim), dim).array, x.array)


def test_a_sequence_cut_into_steps_is_one_record():
    with mg.Tape() as tape:
        mg.zeros(50, 3, requires_grad=True).unbind()
    assert len(tape) == 1


@pytest.mark.parametrize(
    "shifts_and_dims", [(1, 0), (-4, 1), ((1, 2), (0, 1)), ((1, 1), (0, 0)), (0, 0), (7,)], ids=str
)
def test_roll_is_torchs(shifts_and_dims):
    agrees_with_torch(lambda lib, x: lib.roll(x, *shifts_and_dims), draw(3, 4))


@pytest.mark.parametrize("dims", [(0,), (1,), (0, 1), (-1, 0)])
def test_flip_is_torchs(dims):
    agrees_with_torch(lambda lib, x: lib.flip(x, dims), draw(2, 3))
    agrees_with_torch(lambda lib, x: x.flip(*dims), draw(2, 3))


def test_repetition_is_torchs():
    for repeats in [(2, 3), (2, 1, 2), (0, 2), (1, 1)]:
        agrees_with_torch(lambda lib, x, repeats=repeats: x.repeat(repeats), draw(2, 3))
    agrees_with_torch(lambda lib, x: x.repeat(3), draw())
    agrees_with_torch(lambda lib, x: x.tile((3,)), draw(2, 3))
    agrees_with_torch(lambda lib, x, n: x.repeat_interleave(n, 1), draw(2, 3), np.array([2, 0, 1]))
    agrees_with_torch(lambda lib, x, n: lib.repeat_interleave(x, n, dim=0), draw(2, 3), np.array([3]))


def test_joining_by_rows_and_columns_is_torchs():
    for shapes in [((2,), (3,)), ((2, 3), (2, 1)), ((2, 3, 1), (2, 1, 1))]:
        agrees_with_torch(lambda lib, x, y: lib.hstack((x, y)), *draws(*shapes))
    for shapes in [((3,), (3,)), ((3,), (2, 3)), ((), ())]:
        agrees_with_torch(lambda lib, x, y: lib.vstack([x, y]), *draws(*shapes))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.split([1, 1]), r"^split: the lengths must add up to 4"),
        (lambda x: x.split(-1), r"^split: the length of a piece"),
        (lambda x: x.chunk(0), r"^chunk: there must be at least one piece"),
        (lambda x: x.sum().split(1), r"^split: a 0-d tensor has no axis"),
        (lambda x: x.narrow(0, 2, 3), r"^narrow: 2\.\.5 does not lie in 0\.\.4"),
        (lambda x: x.select(0, 4), r"^select: index must lie in -4\.\.3"),
        (lambda x: x.flip(0, 0), r"^flip: dims \(0, 0\) names an axis"),
        (lambda x: x.flip(2), r"^flip: dim must lie in -2\.\.1"),
        (lambda x: x.roll((1, 2), 0), r"^roll: expected a shift for each"),
        (lambda x: x.repeat(2), r"^repeat: expected a count"),
        (lambda x: x.repeat_interleave(-1), r"^repeat_interleave: expected an integer >= 0"),
        (
            lambda x: x.repeat_interleave(mg.tensor([1, 2]), 1),
            r"^repeat_interleave: expected an integer >= 0, or one for",
        ),
        (lambda x: mg.cat([]), r"^cat: expected at least one tensor"),
        (lambda x: mg.cat([x, mg.zeros(4, 2)]), r"^cat: "),
        (lambda x: mg.stack([x, mg.zeros(4, 2)]), r"^stack: "),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(call, message):
    with pytest.raises((ValueError, IndexError), match=message):
        call(mg.zeros(4, 3))
