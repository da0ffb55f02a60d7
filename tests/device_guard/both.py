"""What the tests ask of either device, the stand-in and CuPy itself: does the host wait for it, does it agree?"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing.properties import SAME_ON_GPU

only_on_the_stand_in = pytest.mark.parametrize("cupy", ["stand-in"], indirect=True)


@contextmanager
def waits() -> Iterator[list[traceback.StackSummary]]:
    """A list of what made the host wait for the GPU inside: the last lines of each.

    Whatever brings a number to the host calls one function of CuPy's first, and of the stand-in's.
    """
    waited: list[traceback.StackSummary] = []

    def note() -> None:
        waited.append(traceback.extract_stack(limit=4))

    with mock.patch.object(sys.modules["cupy"]._core.syncdetect, "_declare_synchronize", note):
        yield waited


def agree(there: mg.Tensor, here: mg.Tensor) -> None:
    """Raise unless a tensor on the device is the host's but for the last digits, which the order of a sum decides."""
    assert there.dtype == here.dtype
    tolerance = SAME_ON_GPU.get(here.dtype.name, 0)
    np.testing.assert_allclose(
        there.detach().cpu().numpy(), here.detach().numpy(), rtol=tolerance, atol=tolerance, strict=True
    )
