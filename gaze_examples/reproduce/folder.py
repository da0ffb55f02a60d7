"""The folder of a reproduction: reproduce.json, tasks/TASK.json for each finished task, pictures/, and the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gaze_examples import document
from gaze_examples.data import DataError
from gaze_examples.data.whole import whole_folder
from gaze_examples.reproduce.findings import PICTURES, Finding
from minigrad.whole_file import whole_file

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
        text = json.dumps({**asdict(finding), "blocks": document.to_json(finding.blocks)}, indent=1)
        with whole_file(self._file(key)) as file:
            file.write_text(text, encoding="utf-8")

    def kept(self, key: str) -> Finding | None:
        """What a task found in an earlier run, if it was finished."""
        file = self._file(key)
        if not file.is_file():
            return None
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            return Finding(**{**found, "blocks": document.from_json(found["blocks"])})
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{file} is not what gaze reproduce writes ({error}); remove it, and the task is done anew."
            ) from None

    def _file(self, key: str) -> Path:
        return self.folder / TASKS / f"{key}.json"


def begin(folder: Path, quick: bool, asked: Mapping[str, Any], data: str) -> Reproduction:
    """Make the folder. Raises OSError where it cannot be made."""
    about = {"quick": quick, "asked": dict(asked), "data": data}
    with whole_folder(folder) as unfinished:
        for part in (TASKS, PICTURES):
            (unfinished / part).mkdir()
        (unfinished / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
    return Reproduction(folder, quick, dict(asked), data)


def begun(folder: Path) -> Reproduction:
    """The reproduction that was begun in `folder`."""
    if not (folder / ABOUT).is_file():
        raise DataError(f"There is nothing to resume in {folder}; expected a folder that gaze reproduce has begun.")
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return Reproduction(folder, bool(about["quick"]), dict(about["asked"]), str(about["data"]))
    except (LookupError, TypeError, ValueError) as error:
        raise DataError(f"{folder / ABOUT} is not what gaze reproduce writes ({error}).") from None
