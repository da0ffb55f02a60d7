"""What tests of several rooms share."""

import pytest

import minigrad as mg


@pytest.fixture(scope="session")
def torch():
    """PyTorch; a test that asks for it is skipped without it."""
    return pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


@pytest.fixture(autouse=True)
def _one_seed():
    """The library's random stream starts alike for each test."""
    mg.manual_seed(0)
