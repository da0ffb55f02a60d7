"""The pictures of a run: training curves and confusion matrices, as PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaze_examples.data.eyes import QUADRANTS
from minigrad.training import Evaluation, History

COLOURS = ("#9aa0a6", "#6b8e23", "#2a6fbb", "#d9602b", "#8e44ad")  # of the models, as many as there are
TRAIN, VAL, GUIDE = "#2a6fbb", "#d9602b", "#9aa0a6"
PART_TITLES = {"test": "same people (test)", "new": "new people"}


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def _plain(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e4e6e8", linewidth=0.8)
    axes.set_axisbelow(True)


def curves(history: History, path: Path) -> None:
    """Loss of every batch and epoch, and accuracy of every epoch, on the training and validation data."""
    figure = _figure(10, 3.8)
    left, right = figure.subplots(1, 2)
    epochs = history.column("epoch")
    per_epoch = len(history.batch_losses) / max(1, len(epochs))
    at = (np.arange(len(history.batch_losses)) + 1) / max(1.0, per_epoch)
    left.plot(at, history.batch_losses, ".", color=TRAIN, alpha=0.18, markersize=3, label="a batch")
    left.plot(epochs, history.column("train_loss"), color=TRAIN, label="training")
    left.plot(epochs, history.column("val_loss"), color=VAL, label="validation")
    left.set(title="Loss (cross-entropy)", xlabel="epoch")
    left.set_ylim(0, 1.15 * max([np.log(len(QUADRANTS)), *history.column("train_loss")]))
    left.axhline(np.log(len(QUADRANTS)), color=GUIDE, linestyle=":", linewidth=1, label="guessing")
    right.plot(epochs, 100 * np.array(history.column("train_accuracy")), color=TRAIN, label="training")
    right.plot(epochs, 100 * np.array(history.column("val_accuracy")), color=VAL, label="validation")
    right.axhline(100 / len(QUADRANTS), color=GUIDE, linestyle=":", linewidth=1, label="guessing")
    if history.best is not None and history.best.val_accuracy is not None:
        right.plot(history.best.epoch, 100 * history.best.val_accuracy, "o", color=VAL, label="kept")
    right.set(title="Accuracy (%)", xlabel="epoch", ylim=(0, 100))
    for axes in (left, right):
        _plain(axes)
        axes.legend(frameon=False, fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, format="png")


def confusion(scores: dict[str, Evaluation], path: Path) -> None:
    """For each part, how often eyes that look at one quadrant (rows) are taken for another (columns), in per cent."""
    figure = _figure(5.4 * len(scores), 4.7)
    for axes, (part, score) in zip(np.atleast_1d(figure.subplots(1, len(scores))), scores.items(), strict=True):
        counts = np.zeros((len(QUADRANTS), len(QUADRANTS)))
        np.add.at(counts, (score.labels, score.predictions), 1)
        shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for row, column in np.ndindex(shares.shape):
            axes.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center",
                      color="white" if shares[row, column] > 55 else "black")  # fmt: skip
        names = [f"{i}: {name}" for i, name in enumerate(QUADRANTS)]
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set(xlabel="the network says", ylabel="looks at",
                 title=f"{PART_TITLES.get(part, part)}: {100 * score.accuracy:.1f} % right")  # fmt: skip
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    figure.savefig(path, format="png")


def comparison(histories: dict[str, History], path: Path) -> None:
    """For each model its validation accuracy and its training loss, epoch by epoch."""
    figure = _figure(10, 3.8)
    left, right = figure.subplots(1, 2)
    for (name, history), colour in zip(histories.items(), COLOURS, strict=False):
        epochs = history.column("epoch")
        left.plot(epochs, 100 * np.array(history.column("val_accuracy")), marker=".", color=colour, label=name)
        right.plot(epochs, history.column("train_loss"), marker=".", color=colour, label=name)
    left.axhline(100 / len(QUADRANTS), color=GUIDE, linestyle=":", linewidth=1)
    left.set(title="Validation accuracy (%)", xlabel="epoch", ylim=(0, 100))
    right.set(title="Training loss (cross-entropy)", xlabel="epoch")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        _plain(axes)
        axes.xaxis.get_major_locator().set_params(integer=True)
    left.legend(frameon=False, fontsize=8, ncols=3, loc="lower right")
    figure.savefig(path, format="png")


def filters(grids: dict[str, np.ndarray], path: Path) -> None:
    """Pictures of first layers, side by side; each model's pixels are as wide as its place allows."""
    figure = _figure(10, 2.6)
    for axes, (name, grid) in zip(np.atleast_1d(figure.subplots(1, len(grids))), grids.items(), strict=True):
        axes.imshow(grid, cmap="gray", interpolation="nearest")
        axes.set_title(name, fontsize=10)
        axes.axis("off")
    figure.savefig(path, format="png")
