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
        (lambda x: x.view(4, 4), r"^reshape: "),
        (lambda x: x.view(mg.float32), r"^view: the bytes"),
        (lambda x: x.unflatten(0, (2, 2)), r"^reshape: "),
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
