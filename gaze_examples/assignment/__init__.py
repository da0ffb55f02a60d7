"""The course assignment: fully-connected networks whose every backward is called by hand (part 1), and CNNs (part 2).

All names of the notebook, with its signatures; only its imports change. The layers are not a teaching copy: they are
minigrad's own pairs, the same functions that the tape lifts to Tensors.

    from gaze_examples.assignment import Data, FullyConnectedNet, Solver, check_accuracy, sgd_momentum

    import minigrad as torch  # in part 2, and minigrad.nn, minigrad.nn.functional and minigrad.optim likewise
"""

from gaze_examples.assignment.accuracy import check_accuracy
from gaze_examples.assignment.cnns import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.assignment.data import Data
from gaze_examples.assignment.filters import visualize_grid
from gaze_examples.assignment.gradients import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from gaze_examples.assignment.layers import (
    fc_backward,
    fc_forward,
    fc_relu_backward,
    fc_relu_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
)
from gaze_examples.assignment.nets import FullyConnectedNet, TwoLayerNet
from gaze_examples.assignment.parameters import parameter_count, parameter_table
from gaze_examples.assignment.plots import plot_comparison, plot_training
from gaze_examples.assignment.solver import Solver
from gaze_examples.assignment.update_rules import sgd, sgd_momentum

__all__ = [
    "CNNWithBatchNorm",
    "CNNWithoutBatchNorm",
    "Data",
    "FullyConnectedNet",
    "Solver",
    "TwoLayerNet",
    "check_accuracy",
    "eval_numerical_gradient",
    "eval_numerical_gradient_array",
    "fc_backward",
    "fc_forward",
    "fc_relu_backward",
    "fc_relu_forward",
    "parameter_count",
    "parameter_table",
    "plot_comparison",
    "plot_training",
    "rel_error",
    "relu_backward",
    "relu_forward",
    "sgd",
    "sgd_momentum",
    "softmax_loss",
    "visualize_grid",
]
