"""The folder of a reproduction: reproduce.json, tasks/TASK.json for each finished task, pictures/, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gaze_examples import document, json_file
from gaze_examples.data import DataError
from gaze_examples.data.whole import whole_folder
from gaze_examples.reproduce.findings import PICTURES, Finding

ABOUT, TASKS = "reproduce.json", "tasks"


@dataclass(frozen=True)
class Reproduction:
    """What was begun: where, on which data, and what that said it is."""

    folder: Path
    quick: bool
    asked: dict[str, Any]
    data: str

    def keep(self, key: str, finding: Finding) -> None:
        """Write down what a task has found: whole, or not at all."""
        json_file.write(self._file(key), {**asdict(finding), "blocks": document.to_json(finding.blocks)})

    def kept(self, key: str) -> Finding | None:
        """What a task found in an earlier run, if it was finished."""
        file = self._file(key)
        if not file.is_file():
            return None
        with json_file.reading(file, "reproduce", "; remove it, and the task is done anew") as found:
            return Finding(**{**found, "blocks": document.from_json(found["blocks"])})

    def _file(self, key: str) -> Path:
        return self.folder / TASKS / f"{key}.json"


def begin(folder: Path, quick: bool, asked: Mapping[str, Any], data: str) -> Reproduction:
    """Make the folder. Raises OSError where it cannot be made."""
    about = {"quick": quick, "asked": dict(asked), "data": data}
    with whole_folder(folder) as unfinished:
        for part in (TASKS, PICTURES):
            (unfinished / part).mkdir()
        json_file.write(unfinished / ABOUT, about)
    return Reproduction(folder, quick, dict(asked), data)


def begun(folder: Path) -> Reproduction:
    """The reproduction that was begun in `folder`."""
    if not (folder / ABOUT).is_file():
        raise DataError(f"There is nothing to resume in {folder}; expected a folder that gaze reproduce has begun.")
    with json_file.reading(folder / ABOUT, "reproduce") as about:
        return Reproduction(folder, bool(about["quick"]), dict(about["asked"]), str(about["data"]))
