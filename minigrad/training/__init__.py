"""Training a network: the loop, its history, a progress bar, the best weights so far, exact resume, and many
processes."""

from minigrad.training.data_parallel import DataParallelTrainer
from minigrad.training.history import Epoch, History
from minigrad.training.trainer import Evaluation, Trainer

__all__ = ["DataParallelTrainer", "Epoch", "Evaluation", "History", "Trainer"]
