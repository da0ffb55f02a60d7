"""Training a network: the loop, its history, a progress bar, the best weights so far, and exact resume."""

from minigrad.training.checkpoint import load_checkpoint, save_checkpoint
from minigrad.training.history import Epoch, History
from minigrad.training.trainer import Evaluation, Trainer

__all__ = ["Epoch", "Evaluation", "History", "Trainer", "load_checkpoint", "save_checkpoint"]
