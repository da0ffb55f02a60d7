"""The pictures of a run and of a comparison: training curves, confusion matrices, first layers.

Each is drawn into `folder` for a light and for a dark page, and comes back as the picture of a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gaze_examples import themes
from gaze_examples.data.eyes import QUADRANTS
from gaze_examples.document import Picture
from gaze_examples.themes import Theme
from minigrad.training import Evaluation, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#9aa0a6", "#6b8e23", "#2a6fbb", "#d9602b", "#8e44ad")  # of the models, as many as there are
PART_TITLES = {"test": "same people (test)", "new": "new people"}


def curves(history: History, folder: Path) -> Picture:
    """Loss of every batch and epoch, and accuracy of every epoch, on the training and validation data."""

    def paint(figure: Figure, theme: Theme) -> None:
        left, right = figure.subplots(1, 2)
        epochs = history.column("epoch")
        per_epoch = len(history.batch_losses) / max(1, len(epochs))
        at = (np.arange(len(history.batch_losses)) + 1) / max(1.0, per_epoch)
        left.plot(at, history.batch_losses, ".", color=theme.first, alpha=0.35, markersize=3, label="a batch")
        for axes, what, scale in ((left, "loss", 1), (right, "accuracy", 100)):
            for part, name, colour in (("train", "training", theme.first), ("val", "validation", theme.second)):
                axes.plot(epochs, scale * np.array(history.column(f"{part}_{what}")), color=colour, label=name)
        guessing = np.log(len(QUADRANTS))
        left.axhline(guessing, color=theme.soft, linestyle=":", linewidth=1, label="guessing")
        left.set(title="Loss (cross-entropy)", ylim=(0, 1.15 * max([guessing, *history.column("train_loss")])))
        if history.best is not None and history.best.val_accuracy is not None:
            right.plot(history.best.epoch, 100 * history.best.val_accuracy, "o", color=theme.second, label="kept")
        _accuracies(right, "Accuracy (%)", theme)
        for axes in (left, right):
            _over_epochs(axes)
            axes.legend()

    names = themes.draw(folder, "curves", (10, 3.8), paint)
    return Picture(*names, "Loss and accuracy over the epochs. Training numbers are averages over an epoch.")


def confusion(scores: Mapping[str, Evaluation], folder: Path) -> Picture:
    """For each part, how often eyes that look at one quadrant (rows) are taken for another (columns), in per cent."""

    def paint(figure: Figure, theme: Theme) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        shades = LinearSegmentedColormap.from_list("shades", [theme.paper, theme.first])
        for axes, (part, score) in zip(np.atleast_1d(figure.subplots(1, len(scores))), scores.items(), strict=True):
            counts = np.zeros((len(QUADRANTS), len(QUADRANTS)))
            np.add.at(counts, (score.labels, score.predictions), 1)
            shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
            axes.imshow(shares, cmap=shades, vmin=0, vmax=100)
            for row, column in np.ndindex(shares.shape):
                colour = theme.paper if shares[row, column] > 55 else theme.ink
                axes.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=colour)
            names = [f"{i}: {name}" for i, name in enumerate(QUADRANTS)]
            axes.set_xticks(range(len(names)), names, fontsize=8)
            axes.set_yticks(range(len(names)), names, fontsize=8)
            axes.set(xlabel="the network says", ylabel="looks at",
                     title=f"{PART_TITLES.get(part, part)}: {100 * score.accuracy:.1f} % right")  # fmt: skip
            axes.tick_params(length=0)

    names = themes.draw(folder, "confusion", (5.4 * len(scores), 4.7), paint)
    return Picture(
        *names, "Of the eyes that look at a row's quadrant, the share that was taken for the column's, in %."
    )


def comparison(histories: Mapping[str, History], folder: Path) -> Picture:
    """For each model its validation accuracy and its training loss, epoch by epoch."""

    def paint(figure: Figure, theme: Theme) -> None:
        left, right = figure.subplots(1, 2)
        for (name, history), colour in zip(histories.items(), COLOURS, strict=False):
            epochs = history.column("epoch")
            left.plot(epochs, 100 * np.array(history.column("val_accuracy")), marker=".", color=colour, label=name)
            right.plot(epochs, history.column("train_loss"), marker=".", color=colour, label=name)
        _accuracies(left, "Validation accuracy (%)", theme)
        right.set(title="Training loss (cross-entropy)")
        right.set_ylim(bottom=0)
        for axes in (left, right):
            _over_epochs(axes)
        left.legend(ncols=3, loc="lower right")

    names = themes.draw(folder, "curves", (10, 3.8), paint)
    return Picture(*names, "Validation accuracy after each epoch, and training loss.")


def filters(grids: Mapping[str, np.ndarray], folder: Path, caption: str) -> Picture:
    """Pictures of first layers, side by side; each model's pixels are as wide as its place allows."""

    def paint(figure: Figure, theme: Theme) -> None:
        for axes, (name, grid) in zip(np.atleast_1d(figure.subplots(1, len(grids))), grids.items(), strict=True):
            axes.imshow(grid, cmap="gray", interpolation="nearest")
            axes.set_title(name)
            axes.axis("off")

    return Picture(*themes.draw(folder, "filters", (10, 2.6), paint), caption)


def _accuracies(axes: Axes, title: str, theme: Theme) -> None:
    axes.axhline(100 / len(QUADRANTS), color=theme.soft, linestyle=":", linewidth=1, label="guessing")
    axes.set(title=title, ylim=(0, 100))


def _over_epochs(axes: Axes) -> None:
    axes.set_xlabel("epoch")
    axes.locator_params(axis="x", integer=True)
    themes.grid(axes)
