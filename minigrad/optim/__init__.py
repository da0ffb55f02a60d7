"""Optimisers and learning-rate schedules, with PyTorch's names, arguments and defaults."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from minigrad.optim.adadelta import Adadelta
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam
from minigrad.optim.adamw import AdamW
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.rmsprop import RMSprop
from minigrad.optim.sgd import SGD

if TYPE_CHECKING:
    from minigrad.optim import lr_scheduler

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]


def __getattr__(name: str) -> Any:
    if name == "lr_scheduler":  # imported when first asked for, so that `import minigrad` stays quick
        return importlib.import_module("minigrad.optim.lr_scheduler")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
