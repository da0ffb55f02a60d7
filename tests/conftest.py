"""Tests that run side by side have a core each: BLAS's threads, which wait for the next product without going to sleep,
would take it from the others. What is tested with several threads asks for them."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before NumPy is imported, which reads it then
    os.environ.setdefault("OMP_NUM_THREADS", "1")
