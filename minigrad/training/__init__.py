"""Training a network: the loop, its history, a progress bar, and the best weights so far."""

from minigrad.training.history import Epoch, History
from minigrad.training.trainer import Evaluation, Trainer

__all__ = ["Epoch", "Evaluation", "History", "Trainer"]
