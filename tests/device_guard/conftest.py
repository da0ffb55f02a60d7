"""The stand-in takes CuPy's place in every test of this folder."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.device_guard.elementwise import COMPILER
from tests.device_guard.module import installed


@pytest.fixture(autouse=True)
def cupy() -> Iterator[ModuleType]:
    if COMPILER is None:
        pytest.skip("needs a C++ compiler, which stands in for a GPU's")
    with installed() as module:
        yield module
