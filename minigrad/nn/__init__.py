"""Networks, with PyTorch's names, shapes and defaults."""

from minigrad.nn import functional, init, utils
from minigrad.nn.activation import ReLU
from minigrad.nn.container import Sequential
from minigrad.nn.linear import Flatten, Linear
from minigrad.nn.loss import CrossEntropyLoss
from minigrad.nn.module import Module, Parameter

__all__ = [
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "functional",
    "init",
    "utils",
]
