"""What PyTorch users ask of `torch.cuda`."""

from __future__ import annotations

from minigrad.backend import cuda_available


def is_available() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    return cuda_available()
