"""Every test of this folder runs on the stand-in, and where there is a GPU once more on CuPy itself, marked `gpu`."""

import importlib
from collections.abc import Iterator
from types import ModuleType

import pytest

from minigrad.backend import cuda_available
from tests.device_guard.elementwise import COMPILER
from tests.device_guard.module import installed

DEVICES = ["stand-in", pytest.param("gpu", marks=pytest.mark.gpu)] if cuda_available() else None


@pytest.fixture(autouse=True, params=DEVICES)
def cupy(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """What `import cupy` gives in the test: without a GPU the stand-in, always."""
    if getattr(request, "param", "stand-in") == "gpu":
        yield importlib.import_module("cupy")
        return
    if COMPILER is None:
        pytest.skip("needs a C++ compiler, which stands in for a GPU's")
    with installed() as module:
        yield module
