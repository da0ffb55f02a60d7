"""The stand-in takes CuPy's place in every test of this folder."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.device_guard.module import installed


@pytest.fixture(autouse=True)
def cupy() -> Iterator[ModuleType]:
    with installed() as module:
        yield module
