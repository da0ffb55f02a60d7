"""`minigrad.data`, under the name that it has in PyTorch."""

from minigrad.data import *  # noqa: F403
