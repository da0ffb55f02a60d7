"""Pictures of training: one solver's loss and accuracies (task 1.7), and several side by side (task 1.9).

Both return a matplotlib figure, which a notebook shows; with a path they write it there, in the format that its ending
names, and close it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gaze_examples.assignment.solver import Solver

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHANCE = 25.0  # per cent, of four quadrants


def plot_training(solver: Solver, path: str | Path | None = None) -> Figure:
    """Two panels: the loss of every batch, and the accuracies after every epoch."""
    figure, (loss, accuracy) = _panels(2)
    _draw_losses(loss, {"": solver})
    for part, history in (("train", solver.train_acc_history), ("val", solver.val_acc_history)):
        _draw_accuracies(accuracy, history, part)
    accuracy.set_title("Accuracy")
    _finish_accuracies(accuracy)
    return _finished(figure, path)


def plot_comparison(solvers: Mapping[str, Solver], path: str | Path | None = None) -> Figure:
    """Three panels: the losses, training accuracies and validation accuracies of solvers by name."""
    figure, (loss, train, val) = _panels(3)
    _draw_losses(loss, solvers)
    loss.legend(markerscale=4)
    for name, solver in solvers.items():
        _draw_accuracies(train, solver.train_acc_history, name)
        _draw_accuracies(val, solver.val_acc_history, name)
    train.set_title("Training accuracy")
    val.set_title("Validation accuracy")
    _finish_accuracies(train)
    _finish_accuracies(val)
    return _finished(figure, path)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Plots need matplotlib: install it with pip install 'minigrad[gaze]'.") from error
    figure, axes = plt.subplots(count, 1, figsize=(9, 3.5 * count), layout="constrained")
    return figure, list(axes)


def _draw_losses(axes: Axes, solvers: Mapping[str, Solver]) -> None:
    for name, solver in solvers.items():
        axes.plot(range(1, len(solver.loss_history) + 1), solver.loss_history, ".", markersize=3, label=name)
    axes.set(title="Training loss", xlabel="batch", ylabel="loss")


def _draw_accuracies(axes: Axes, history: list[float], label: str) -> None:
    axes.plot(range(1, len(history) + 1), history, "-o", markersize=4, label=label)


def _finish_accuracies(axes: Axes) -> None:
    axes.axhline(CHANCE, color="black", linestyle="--", linewidth=1, label="chance")
    axes.locator_params(axis="x", integer=True)
    axes.set(xlabel="epochs trained", ylabel="per cent")
    axes.legend()


def _finished(figure: Figure, path: str | Path | None) -> Figure:
    if path is not None:
        import matplotlib.pyplot as plt

        figure.savefig(path)
        plt.close(figure)
    return figure
