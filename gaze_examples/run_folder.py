"""The run folder: what a run leaves behind, and how to read it again.

It is made when the training begins, and holds what is needed to go on if the training is killed: run.json, which
settings and which data, start.safetensors, the weights it starts from if they are not fresh, and
checkpoint.safetensors, written after each epoch. When the run is finished these make room for weights.safetensors,
history.csv, report.html and its pictures, curves.png and confusion.png, each for a light and for a dark page.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import minigrad as mg
from gaze_examples import json_file, report
from gaze_examples.data import DataError, GazeData
from gaze_examples.data.whole import check_can_make, whole_folder
from gaze_examples.models import MODELS
from gaze_examples.runs import Result, Settings
from minigrad.backend import Device
from minigrad.nn import Module
from minigrad.serialization import load_metadata
from minigrad.whole_file import whole_file

WEIGHTS, HISTORY, REPORT = "weights.safetensors", "history.csv", "report.html"
RUN, START, CHECKPOINT = "run.json", "start.safetensors", "checkpoint.safetensors"


@dataclass(frozen=True)
class Started:
    """A run that has begun: its folder, its settings, which data was asked for, and what that said it is."""

    folder: Path
    settings: Settings
    asked: dict[str, Any]
    data: str

    @property
    def checkpoint(self) -> Path:
        """Where the training keeps what it goes on from."""
        return self.folder / CHECKPOINT

    @property
    def start(self) -> Path | None:
        """Where the weights lie that it starts from, or None for fresh ones."""
        return self.folder / START if self.settings.start else None


def start(
    folder: Path, settings: Settings, asked: Mapping[str, Any], data: GazeData, network: Module | None = None
) -> Started:
    """Make the run folder; where something has taken its place meanwhile, the next free one in `runs/`.

    network: whose weights to start from, where `settings.start` names one.
    """
    source = data.split.train.source
    about = {"settings": asdict(settings), "asked": dict(asked), "data": source}
    try:
        while True:
            try:
                with whole_folder(folder) as unfinished:
                    json_file.write(unfinished / RUN, about)
                    if network is not None:
                        mg.save(network.state_dict(), unfinished / START)
                return Started(folder, settings, dict(asked), source)
            except FileExistsError:
                folder = next_free(Path("runs"), settings.model)
    except OSError as error:
        raise DataError(f"Cannot make the run folder {folder} ({error}); name another with --out.") from error


def started(folder: Path) -> Started:
    """The run that was begun in `folder` and not finished."""
    if not (folder / RUN).is_file():
        if (folder / WEIGHTS).is_file():
            raise DataError(f"The run in {folder} is finished; there is nothing to resume. gaze evaluate tests it.")
        raise DataError(f"There is no run to resume in {folder}; expected a folder that gaze train has begun.")
    with json_file.reading(folder / RUN, "train") as about:
        return Started(folder, Settings(**about["settings"]), dict(about["asked"]), str(about["data"]))


def discard(run: Started) -> None:
    """Remove the folder of a run that has come to nothing."""
    shutil.rmtree(run.folder, ignore_errors=True)
    with suppress(OSError):  # made for this run alone
        run.folder.parent.rmdir()


def finish(run: Started, result: Result, data: GazeData) -> None:
    """Write what the run has come to. After Ctrl-C the checkpoint stays, so that the training can go on."""
    try:
        _write(result, data, run.folder, run.asked)
        if not result.history.interrupted:
            for leftover in (
                *run.folder.glob(f".{CHECKPOINT}.*"),
                run.checkpoint,
                run.folder / START,
                run.folder / RUN,
            ):
                leftover.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"Could not write into the run folder {run.folder} ({error}); make room, then gaze train --resume "
            f"{run.folder}."
        ) from error


def save(result: Result, data: GazeData, folder: Path, asked: Mapping[str, Any] | None = None) -> None:
    """Write the folder of a finished run, which appears whole or not at all."""
    with whole_folder(folder) as unfinished:
        _write(result, data, unfinished, asked or {})


def _write(result: Result, data: GazeData, folder: Path, asked: Mapping[str, Any]) -> None:
    about = {
        "settings": json.dumps(asdict(result.settings)),
        "data": data.split.train.source,
        "asked": json.dumps(asked),
    }
    mg.save(result.model.state_dict(), folder / WEIGHTS, about)
    with whole_file(folder / HISTORY) as file:
        result.history.to_csv(file)
    page = report.page(result, data, folder)
    with whole_file(folder / REPORT) as file:
        file.write_text(page, encoding="utf-8", errors="replace")


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


def does_not_go_on(run: Started, error: ValueError) -> DataError:
    """Of a run whose checkpoint is another's, or damaged."""
    return DataError(f"{error} To begin anew, remove {run.folder}.")


def check_free(folder: Path) -> None:
    """Raise if a run folder would overwrite something, or cannot be made: minutes later would be too late."""
    try:
        if folder.exists():
            raise DataError(f"The folder {folder} exists already; name one that does not with --out, or remove it.")
        check_can_make(folder)
    except OSError as error:
        raise DataError(f"Cannot make the run folder {folder} ({error}); name another with --out.") from error
