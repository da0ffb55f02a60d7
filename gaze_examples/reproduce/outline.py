"""The assignment's tasks, in its order and by its names."""

from __future__ import annotations

from gaze_examples.assignment import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.reproduce import checks, networks
from gaze_examples.reproduce.findings import Task

TASKS = (
    Task("1.1-1.5", "Layers and loss", checks.layers),
    Task("1.6", "Two-layer network", checks.two_layers),
    Task("1.7", "Solver", networks.solver),
    Task("1.8", "Multilayer network", checks.many_layers),
    Task("1.9", "SGD + momentum", networks.update_rules),
    Task("1.10", "Train a good model", networks.good_model),
    Task("2.1", "CNN without batch-norm", networks.architecture(
        CNNWithoutBatchNorm, "What one image goes through. Pooling leaves out an odd last row or column.")),
    Task("2.2", "Train the CNN without batch-norm", networks.cnn("2.2", "cnn", CNNWithoutBatchNorm)),
    Task("2.3", "CNN with batch-norm", networks.architecture(
        CNNWithBatchNorm, "The same, with batch-norm after each pooling.")),
    Task("2.4", "Train the CNN with batch-norm, and its filters", networks.cnn("2.4", "cnn-bn", CNNWithBatchNorm)),
    Task("3.1", "Numbers of parameters", networks.parameters),
    Task("3.2", "SGD or SGD + momentum", networks.sgd_or_momentum),
    Task("4", "Improving the CNN", networks.improved),
)  # fmt: skip
