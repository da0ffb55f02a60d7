"""The pictures of the report: how a training went, with the notebook's behind it, and what first layers look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gaze_examples import document, themes
from gaze_examples.assignment import visualize_grid
from gaze_examples.reproduce import notebook
from gaze_examples.reproduce.findings import Lab, Network
from gaze_examples.themes import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GUESSING = 25.0
GAP, SMALLEST = 4, 48  # pixels between two filters, and across a filter at least


def training(lab: Lab, file: str, network: Network, name: str) -> document.Picture:
    """The loss of every batch, and the accuracies after every epoch."""

    def paint(figure: Figure, theme: Theme) -> None:
        left, right = figure.subplots(1, 2)
        epochs = len(network.val)
        _losses(left, {"": network}, theme)
        if network.train:
            _line(right, network.train, theme.first, "training")
        _line(right, network.val, theme.second, "validation")
        for numbers, colour, label in (
            (notebook.TRAIN, theme.first, "training"),
            (notebook.VAL, theme.second, "validation"),
        ):
            if name in numbers:
                _line(right, numbers[name][:epochs], colour, f"{label}, notebook", faint=True)
        _accuracies(right, "Accuracy (%)", theme)

    behind = " Dashed, faint: the notebook's, on its real eyes." if name in notebook.VAL else ""
    caption = f"The loss of every batch, and the accuracies after every epoch.{behind}"
    return lab.picture(file, (9.6, 3.5), paint, caption)


def comparison(lab: Lab, file: str, networks: Mapping[str, Network]) -> document.Picture:
    """Several trainings: losses, training accuracies, validation accuracies."""

    def paint(figure: Figure, theme: Theme) -> None:
        loss, train, val = figure.subplots(1, 3)
        _losses(loss, networks, theme)
        for (name, network), colour in zip(networks.items(), theme.compared, strict=False):
            for axes, ours, theirs in ((train, network.train, notebook.TRAIN), (val, network.val, notebook.VAL)):
                _line(axes, ours, colour, name)
                _line(axes, theirs[name][: len(ours)], colour, f"{name}, notebook", faint=True)
        _accuracies(train, "Training accuracy (%)", theme)
        _accuracies(val, "Validation accuracy (%)", theme, legend=False)

    return lab.picture(file, (11, 3.5), paint, "Both rules, batch by batch and epoch by epoch. Dashed, faint: the "
                       "notebook's, on its real eyes.")  # fmt: skip


def scores(lab: Lab, file: str, rows: list[tuple[str, dict[str, Any]]]) -> document.Picture:
    """For each network its accuracies on the test part and on new people, and the notebook's."""

    def paint(figure: Figure, theme: Theme) -> None:
        axes = figure.subplots()
        marks = [("test", "o", theme.first, "test, same people"), ("new", "D", theme.second, "test, new people")]
        for part, marker, colour, label in marks:
            found = [(row["scores"].get(part), i) for i, (_, row) in enumerate(rows)]
            points = [(x, y) for x, y in found if x is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker, color=colour, markersize=8, label=label, zorder=3)
        there = [(notebook.TEST[name], i) for i, (name, _) in enumerate(rows) if name in notebook.TEST]
        if there:
            axes.plot(*zip(*there, strict=True), "|", color=theme.soft, markersize=18, markeredgewidth=2.5,
                      label="notebook's test, real eyes")  # fmt: skip
        oracle = lab.data.oracle_accuracy("test")
        if oracle is not None:
            axes.axvline(100 * oracle, color=theme.third, linewidth=1.5, linestyle="--", label="oracle")
        axes.axvline(GUESSING, color=theme.soft, linewidth=1, linestyle=":", label="guessing")
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set(xlim=(15, 100), ylim=(len(rows) - 0.4, -0.6), xlabel="accuracy (%)")
        axes.grid(axis="y", linewidth=0.8)
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5)

    return lab.picture(file, (9, 0.45 * len(rows) + 1.5), paint, "How often each network is right, and what it is "
                       "compared with.")  # fmt: skip


def filters(
    lab: Lab, file: str, weights: Mapping[str, np.ndarray], size: tuple[float, float], *, columns: int, caption: str
) -> document.Picture:
    """Filters (N, 1, H, W), `columns` side by side; several sets under their names."""

    def paint(figure: Figure, theme: Theme) -> None:
        panels = figure.subplots(1, len(weights), gridspec_kw={"wspace": 0.15})
        for axes, (name, filters) in zip(np.atleast_1d(panels), weights.items(), strict=True):
            rows = [filters[i : i + columns] for i in range(0, len(filters), columns)]
            strips = [_strip(row, theme) for row in rows]
            gap = _blank(GAP, strips[0].shape[1], theme)
            stacked = [piece for strip in strips for piece in (strip, gap)][:-1]
            axes.imshow(np.concatenate(stacked), interpolation="nearest")
            axes.set_title(name)
            axes.axis("off")

    return lab.picture(file, size, paint, caption)


def _strip(filters: np.ndarray, theme: Theme) -> np.ndarray:
    """One row of filters, with the page between them, as colours (H, W, 3)."""
    pieces = []
    for one in filters:
        larger = max(1, SMALLEST // one.shape[-1])
        grey = np.kron(visualize_grid(one[None]) / 255, np.ones((larger, larger)))
        pieces += [np.repeat(grey[..., None], 3, axis=2), _blank(grey.shape[0], GAP, theme)]
    return np.concatenate(pieces[:-1], axis=1)


def _blank(height: int, width: int, theme: Theme) -> np.ndarray:
    from matplotlib.colors import to_rgb

    return np.broadcast_to(np.array(to_rgb(theme.paper)), (height, width, 3))


def _losses(axes: Axes, networks: Mapping[str, Network], theme: Theme) -> None:
    for (name, network), colour in zip(networks.items(), theme.compared, strict=False):
        losses = np.array(network.losses)
        per_epoch = len(losses) / max(1, len(network.val))
        axes.plot((np.arange(len(losses)) + 1) / per_epoch, losses, ".", color=colour, markersize=3, label=name or None)
    axes.axhline(np.log(4), color=theme.soft, linestyle=":", linewidth=1)
    highest = max([np.log(4), *(loss for network in networks.values() for loss in network.losses)])
    axes.set(title="Training loss of each batch", xlabel="epoch", ylim=(0, 1.1 * highest))
    themes.grid(axes)
    if len(networks) > 1:
        axes.legend(markerscale=4, loc="lower left")


def _line(axes: Axes, values: list[float], colour: str, label: str, faint: bool = False) -> None:
    style: dict[str, Any] = {"linestyle": "--", "alpha": 0.45} if faint else {"marker": ".", "markersize": 7}
    axes.plot(range(1, len(values) + 1), values, color=colour, label=label, linewidth=1.4, **style)


def _accuracies(axes: Axes, title: str, theme: Theme, legend: bool = True) -> None:
    axes.axhline(GUESSING, color=theme.soft, linestyle=":", linewidth=1, label="guessing")
    axes.set(title=title, xlabel="epoch", ylim=(0, 100))
    axes.locator_params(axis="x", integer=True)
    themes.grid(axes)
    if legend:
        axes.legend(fontsize=7.5, ncols=2, loc="upper left")
