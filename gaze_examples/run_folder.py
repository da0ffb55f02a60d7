"""The run folder: what a run leaves behind, and how to read it again.

It holds weights.safetensors, history.csv, curves.png, confusion.png and report.html. It appears whole, when the run is
finished, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import minigrad as mg
from gaze_examples import figures, report
from gaze_examples.data import DataError, GazeData
from gaze_examples.data.whole import check_can_make, whole_folder
from gaze_examples.models import MODELS
from gaze_examples.runs import Result, Settings
from minigrad.backend import Device
from minigrad.nn import Module
from minigrad.serialization import load_metadata

WEIGHTS, HISTORY, CURVES, CONFUSION, REPORT = (
    "weights.safetensors", "history.csv", "curves.png", "confusion.png", "report.html",
)  # fmt: skip


def save(result: Result, data: GazeData, folder: Path, asked: Mapping[str, Any] | None = None) -> Path:
    """Write the run folder, and say where: where something took its place during training, in the next free `runs/`.

    asked: which data was asked for, for `load_model` to tell.
    """
    try:
        while True:
            try:
                _save(result, data, folder, asked or {})
                return folder
            except FileExistsError:
                folder = next_free(Path("runs"), result.settings.model)
    except OSError as error:
        raise DataError(
            f"Could not write the run folder {folder} ({error}); make room, or name another with --out."
        ) from error


def _save(result: Result, data: GazeData, folder: Path, asked: Mapping[str, Any]) -> None:
    with whole_folder(folder) as unfinished:
        about = {
            "settings": json.dumps(asdict(result.settings)),
            "data": data.split.train.source,
            "asked": json.dumps(asked),
        }
        mg.save(result.model.state_dict(), unfinished / WEIGHTS, about)
        result.history.to_csv(unfinished / HISTORY)
        figures.curves(result.history, unfinished / CURVES)
        figures.confusion({name: s for name, s in result.scores.items() if name in ("test", "new")},
                          unfinished / CONFUSION)  # fmt: skip
        page = report.page(result, data, curves=unfinished / CURVES, confusion=unfinished / CONFUSION)
        (unfinished / REPORT).write_text(page, encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Trained:
    """What a run folder remembers: the model, its settings, which data was asked for, and what that said it is."""

    model: Module
    settings: Settings
    asked: dict[str, Any]
    data: str


def load_model(path: Path, device: Device) -> Trained:
    """The model of a run folder (or of its weights file), ready to use."""
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"There is no trained model in {path}; expected a run folder with {WEIGHTS}, or such a file.")
    try:
        weights, about = mg.load(file), load_metadata(file)
        settings = Settings(**json.loads(about["settings"]))
        model = MODELS[settings.model].make()
        model.load_state_dict(weights)
        asked = dict(json.loads(about.get("asked", "{}")))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file} does not hold a model trained by gaze ({error}).") from None
    return Trained(model.to(device), settings, asked, about.get("data", ""))


def next_free(parent: Path, name: str) -> Path:
    """`parent/name-1`, or with the next number that no folder has yet."""
    taken = {path.name for path in parent.glob(f"{name}-*")}
    number = 1
    while f"{name}-{number}" in taken:
        number += 1
    return parent / f"{name}-{number}"


def check_free(folder: Path) -> None:
    """Raise if a run folder would overwrite something, or cannot be made: minutes later would be too late."""
    try:
        if folder.exists():
            raise DataError(f"The folder {folder} exists already; name one that does not with --out, or remove it.")
        check_can_make(folder)
    except OSError as error:
        raise DataError(f"Cannot make the run folder {folder} ({error}); name another with --out.") from error
