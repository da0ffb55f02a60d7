"""Optimisers, with PyTorch's names, arguments and defaults."""

from minigrad.optim.optimizer import Optimizer
from minigrad.optim.sgd import SGD

__all__ = ["SGD", "Optimizer"]
