"""What PyTorch users ask of `torch.cuda`."""

from __future__ import annotations

from minigrad.backend import cuda_available
from minigrad.random import manual_seed

manual_seed_all = manual_seed  # there is one random stream, on the host, for all devices


def is_available() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    return cuda_available()


def device_count() -> int:
    """The number of GPUs that can be used; 0 without CuPy."""
    return __import__("cupy").cuda.runtime.getDeviceCount() if cuda_available() else 0


def synchronize() -> None:
    """Wait until the GPU has done what it was given, as a stopwatch must. Without one there is nothing to do."""
    if cuda_available():
        __import__("cupy").cuda.get_current_stream().synchronize()
