"""`gaze compare`: all networks trained on one split, side by side, beside what the course's notebook reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gaze_examples import document, figures, run_folder, runs
from gaze_examples.assignment.filters import visualize_grid
from gaze_examples.data import GazeData
from gaze_examples.data.eyes import HEIGHT, WIDTH
from gaze_examples.data.whole import whole_folder
from gaze_examples.document import Block, Code, Heading, Table, Text
from gaze_examples.models import MODELS
from gaze_examples.report import percent
from minigrad.nn import Conv2d
from minigrad.training import Epoch

# On real eyes of the course's data set: test accuracy in per cent, but of the two-layer net, which has only validation.
NOTEBOOK = {"two-layer": 54.8, "fc": 67.3, "cnn": 61.0, "cnn-bn": 76.0}
REPORT = "report.html"
FILTERS_CAPTION = (
    "Of the fully-connected nets 16 units, of the CNNs all filters. Each is stretched from its smallest weight, black, "
    "to its largest, white."
)


def compare(
    data: GazeData,
    seed: int,
    device: str,
    epochs: int | None = None,
    on_epoch: Callable[[str, Epoch], None] | None = None,
) -> dict[str, runs.Result]:
    """Train every model by its recipe (or for `epochs`) on the same split. After Ctrl-C, those that are done."""
    results: dict[str, runs.Result] = {}
    for name in MODELS:

        def tell(epoch: Epoch, name: str = name) -> None:
            if on_epoch is not None:
                on_epoch(name, epoch)

        result = runs.train(runs.settings_of(name, seed, device, epochs=epochs), data, tell)
        if result.history.interrupted:
            break
        results[name] = result
    return results


def table(results: dict[str, runs.Result], data: GazeData) -> str:
    """The results as text, in per cent."""
    head = f"{'':12}{'parameters':>11}{'epochs':>8}{'seconds':>9}{'same people':>13}{'new people':>12}{'notebook':>10}"
    lines = [head]
    for name, result in results.items():
        cells = _cells(name, result)
        widths = (11, 8, 9, 13, 12, 10)
        lines.append(f"{name:12}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))
    oracle = [percent(data.oracle_accuracy(part)) for part in ("test", "new")]
    lines.append(f"{'oracle':12}{'':28}{oracle[0]:>13}{oracle[1]:>12}")
    return "\n".join(lines)


def save(results: dict[str, runs.Result], data: GazeData, folder: Path, asked: dict[str, Any]) -> None:
    """Write `folder`: the report with its pictures, and a run folder for each model. Whole, or not at all."""
    with whole_folder(folder) as unfinished:
        for name, result in results.items():
            run_folder.save(result, data, unfinished / name, asked)
        (unfinished / REPORT).write_text(_page(results, data, unfinished), encoding="utf-8", errors="replace")


def _first_filters(result: runs.Result) -> np.ndarray:
    """The filters of the first layer as one picture: of a convolution, or of some fully-connected units."""
    first = next(result.model.parameters()).detach().cpu().numpy()
    if any(isinstance(module, Conv2d) for module in result.model.modules()):
        return visualize_grid(first)
    return visualize_grid(first[:16].reshape(-1, 1, HEIGHT, WIDTH))


def _cells(name: str, result: runs.Result) -> list[str]:
    parameters = sum(parameter.numel() for parameter in result.model.parameters())
    seconds = sum(result.history.column("seconds"))
    scores = [percent(result.scores[part].accuracy if part in result.scores else None) for part in ("test", "new")]
    notebook = f"{NOTEBOOK[name]:.1f} %" if name in NOTEBOOK else "—"
    return [f"{parameters:,}", str(len(result.history)), f"{seconds:.0f}", *scores, notebook]


def _page(results: dict[str, runs.Result], data: GazeData, folder: Path) -> str:
    rows = [[name, *_cells(name, result), MODELS[name].title] for name, result in results.items()]
    oracle = [percent(data.oracle_accuracy(part)) for part in ("test", "new")]
    names = ["model", "parameters", "epochs", "seconds", "same people", "new people", "notebook", ""]
    links = [f"{name}/{run_folder.REPORT}" for name in results]
    blocks: list[Block] = [
        Text("Trained on the same images of the same people, tested on other images of the same people, and on new "
             "people. The oracle knows the true angles of the eyeballs, and is the ceiling.", "soft"),
        Text(data.split.train.source, "note"),
        Table(names, [*rows, ["oracle", "", "", "", *oracle, "", ""]], links=[*links, ""]),
        Text("The notebook's numbers are of real eyes (and of the two-layer net, on validation data), so they stand "
             "beside these for their order, not for their size.", "soft"),
        Heading("Training"),
        figures.comparison({name: result.history for name, result in results.items()}, folder),
        Heading("What the first layers look for"),
        figures.filters({name: _first_filters(result) for name, result in results.items()}, folder, FILTERS_CAPTION),
        Heading("Data"),
        Code(data.describe()),
    ]  # fmt: skip
    return document.to_html("All networks, side by side", blocks, folder)
