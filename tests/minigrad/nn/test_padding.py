"""Padding layers. That they are PyTorch's: ../test_sweep_nn.py."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

KINDS = ["Zero", "Reflection", "Replication", "Circular"]


def test_before_and_after_of_the_last_axis_come_first():
    image = mg.tensor([[1.0, 2.0]])
    assert nn.ZeroPad2d((0, 1, 2, 0))(image).tolist() == [[0, 0, 0], [0, 0, 0], [1, 2, 0]]
    assert nn.ConstantPad1d((1, 0), 7)(image).tolist() == [[7, 1, 2]]
    assert nn.ZeroPad1d(np.int64(1))(image).tolist() == [[0, 1, 2, 0]]


def test_they_look_like_torchs(torch):
    for name, arguments in [*[(f"{kind}Pad{n}d", (2,)) for kind in KINDS for n in (1, 2)], ("ConstantPad2d", (3, 1.5))]:
        ours, theirs = (getattr(lib.nn, name)(*arguments) for lib in (mg, torch))
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_numbers_as_there_are_ends(kind):
    with pytest.raises(ValueError, match=rf"^{kind}Pad2d: padding must be an int, or 4 of them, got \(1, 2\)\.$"):
        getattr(nn, f"{kind}Pad2d")((1, 2))
