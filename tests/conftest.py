"""Tests that run side by side have a core each: BLAS's threads, which wait for the next product without going to sleep,
would take it from the others. What is tested with several threads asks for them."""

import gc
import os

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # before NumPy is imported, which reads it then
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """With -n, a worker that is done takes tests from another's queue, so that none idles while a slow one goes on."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


def pytest_collection_finish():
    """The thousands of tests are there until the end: Python's collector need not look through them over and over."""
    gc.collect()
    gc.freeze()
