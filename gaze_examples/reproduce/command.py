"""What the command `gaze reproduce` does and prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gaze_examples import document
from gaze_examples.data import DataError, GazeData
from gaze_examples.reproduce import folder as folders
from gaze_examples.reproduce import report
from gaze_examples.reproduce.run import reproduce
from gaze_examples.run_folder import check_free


def begin(folder: Path, quick: bool, asked: Mapping[str, Any], load: Callable[[], GazeData]) -> int:
    """Reproduce the assignment into a new folder. Returns the exit code."""
    if (folder / folders.ABOUT).is_file():
        raise DataError(
            f"A reproduction was begun in {folder}; go on with gaze reproduce --resume {folder}, or name another "
            "folder with --out."
        )
    check_free(folder)
    data = load()
    try:
        begun = folders.begin(folder, quick, asked, data.describe())
    except OSError as error:
        raise DataError(f"Cannot make the folder {folder} ({error}); name another with --out.") from error
    return _go(begun, data)


def resume(folder: Path, load: Callable[[Mapping[str, Any]], GazeData]) -> int:
    """Go on with a reproduction that was stopped. Returns the exit code."""
    begun = folders.begun(folder)
    return _go(begun, load(begun.asked))


def _go(begun: folders.Reproduction, data: GazeData) -> int:
    print(data.describe(), end="\n\n", flush=True)
    try:
        findings = reproduce(begun, data, lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print(f"\nStopped; what is finished is kept. To go on: gaze reproduce --resume {begun.folder}", flush=True)
        raise
    right, total = report.checks(findings)
    print(f"\n{document.to_text(report.overview(findings))}")
    print(f"\n{right} of {total} checks are right.")
    print(f"Open {begun.folder / report.PAGE}; the same as Markdown is {report.MARKDOWN} beside it.")
    return 0
