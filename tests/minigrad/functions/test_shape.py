"""Other shapes: what is shared with x, what is refused, and the forms beyond the sweep's."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw, draws


def test_views_share_the_memory_of_x():
    x = mg.zeros(2, 6)
    for view in (
        x.view(3, 4),
        x.T,
        x.mT,
        x.unflatten(1, (2, 3)),
        x.movedim(0, 1),
        x.swapaxes(0, 1),
        x[0],
        x.narrow(1, 2, 3),
    ):
        assert np.shares_memory(view.array, x.array)
    for part in (*x.split(4, 1), *x.chunk(2), *x.unbind(1)):
        assert np.shares_memory(part.array, x.array)


@pytest.mark.parametrize("destination", [0, 1, 2, -1])
@pytest.mark.parametrize("source", [0, 1, -1])
def test_movedim_is_torchs(source, destination):
    agrees_with_torch(lambda lib, x: lib.movedim(x, source, destination), draw(2, 3, 4))


def test_broadcast_tensors_is_torchs():
    agrees_with_torch(lambda lib, x, y, z: lib.broadcast_tensors(x, y, z), *draws((2, 1), (3,), ()))


@pytest.mark.parametrize("indexing", ["ij", "xy"])
def test_meshgrid_is_torchs(indexing):
    agrees_with_torch(lambda lib, x, y, z: lib.meshgrid(x, y, z, indexing=indexing), *draws((2,), (3,), (4,)))
    agrees_with_torch(lambda lib, x, y: lib.meshgrid(x, y, indexing=indexing), *draws((2,), ()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.view(4, 4), r"^view: "),
        (lambda x: x.view(mg.float32), r"^view: the bytes"),
        (lambda x: x.unflatten(0, (2, 2)), r"^unflatten: expected sizes whose product is the axis 0 of \(2, 3\)"),
        (lambda x: x.movedim((0, 1), (1, 1)), r"^movedim: expected as many places"),
        (lambda x: x[0].mT, r"^mT: expected at least 2 axes, got shape \(3,\)"),
        (lambda x: mg.broadcast_tensors(x, mg.zeros(4)), r"^broadcast_tensors: the shapes \(2, 3\), \(4,\)"),
        (lambda x: mg.meshgrid(x[0], indexing="yx"), r"^meshgrid: indexing must be"),
        (lambda x: x.expand(2, 4), r"^expand: "),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(mg.zeros(2, 3))


CALLS = [
    "lib.reshape(x, shape=(3, 2))",
    "lib.permute(x, dims=(1, 0))",
    "x.view(size=(3, 2))",
    "x.expand(size=(4, 2, 3))",
    "x.broadcast_to(size=(4, 2, 3))",
    "x.unflatten(dim=1, sizes=(3, 1))",
    "x.movedim(source=0, destination=1)",
    "x.transpose(dim0=0, dim1=1)",
    "lib.swapaxes(x, axis0=0, axis1=1)",
    "lib.swapdims(x, dim0=0, dim1=1)",
    "lib.meshgrid([x[0], x[1, 0]], indexing='ij')",
    "lib.meshgrid(x[0], indexing='xy')",
    "lib.flip(x, dims=[0])",
    "x.tile(dims=(2, 2))",
    "x.repeat(repeats=(2, 2))",
    "x.split(split_size=2, dim=1)",
    "lib.split(x, split_size_or_sections=[1, 1])",
    "x.chunk(chunks=2, dim=1)",
    "x.roll(shifts=1, dims=0)",
    "x.narrow(dim=1, start=-2, length=1)",
    "x.narrow(1, lib.tensor(1), 2)",
    "x.select(dim=1, index=-1)",
    "x.repeat_interleave(repeats=2, dim=0)",
    "x.repeat_interleave(lib.tensor([1, 2]), 0, output_size=3)",
    "lib.repeat_interleave(lib.tensor([1, 0, 2]))",
    "lib.cat(tensors=[x, lib.tensor([], dtype=x.dtype)], dim=-1)",
    "lib.stack(tensors=(x, x), dim=-1)",
]


@pytest.mark.parametrize("call", CALLS)
def test_arguments_have_torchs_names(call):
    agrees_with_torch(eval(f"lambda lib, x: {call}"), draw(2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.reshape(-2, 3), mg.ShapeError, r"reshape: expected sizes with the product 6.* got \(-2, 3\)"),
        (lambda x: x.reshape(0, -1), mg.ShapeError, r"reshape: expected sizes with the product 6.* got \(0, -1\)"),
        (lambda x: x[:0].reshape(0, -1), mg.ShapeError, r"reshape: expected sizes with the product 0.* got \(0, -1\)"),
        (lambda x: x.reshape(2.5), TypeError, r"reshape: shape must be ints, got \(2\.5,\)"),
        (lambda x: x.flip("a"), TypeError, r"flip: dims must be ints, got \('a',\)"),
        (lambda x: x.flip(dims=(0,), by=2), TypeError, r"flip: expected dims and nothing else, got by"),
        (lambda x: x.transpose(0, "a"), TypeError, r"transpose: dim must be an int, got 'a'"),
        (lambda x: x.flatten(0.5), TypeError, r"flatten: dim must be an int, got 0\.5"),
        (lambda x: mg.cat([x, x], 2), IndexError, r"cat: dim must lie in -2\.\.1, got 2"),
        (lambda x: mg.stack([x, x], 3), IndexError, r"stack: dim must lie in -3\.\.2, got 3"),
        (lambda x: mg.cat([x, x[0]]), mg.ShapeError, r"cat: expected tensors of equal shapes but for dim 0"),
        (lambda x: mg.cat([x, 1]), TypeError, r"cat: expected a tuple or list of tensors, got \[tensor"),
        (lambda x: mg.stack(x), TypeError, r"stack: expected a tuple or list of tensors, got tensor"),
        (lambda x: x.split(2.5), TypeError, r"split: expected the length of a piece or a list of them, got 2\.5"),
        (lambda x: mg.meshgrid(x), mg.ShapeError, r"meshgrid: expected vectors, got \(2, 3\)"),
        (lambda x: mg.meshgrid(), mg.ShapeError, r"meshgrid: expected vectors, got none"),
    ],
)
def test_what_does_not_fit_is_said_by_the_function_itself(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call(mg.ones(2, 3))
