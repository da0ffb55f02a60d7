"""Freed memory is kept for the next step.

A training step frees as much as the next one will ask for. By default the C library gives large pieces back to the
system, which hands them out again page by page, each filled with zeros first. For a convolutional net that is a quarter
of a step's time.
"""

from __future__ import annotations

import functools
import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of glibc's malloc.h
KEPT, LARGEST = 2**30, 2**25  # bytes: kept in all; of one array (glibc allows no more)


@functools.cache
def keep_freed_memory() -> None:
    """Tell the C library once to keep up to 1 GiB of what is freed, in pieces of up to 32 MiB.

    For glibc, which is what Linux mostly has; others are left alone, and so is a user's own setting.
    """
    if any(name in os.environ for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")):
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST)
    mallopt(M_TRIM_THRESHOLD, KEPT)
