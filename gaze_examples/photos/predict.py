"""`gaze predict`: answers for photographs and films, as pictures and as JSON in one folder.

A photo becomes `NAME.png` with the answers drawn in, a film `NAME.mp4` and `NAME.jsonl`, one line a frame; what all
photos say is in `answers.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gaze_examples.data.eyes import QUADRANTS, DataError
from gaze_examples.data.whole import whole_folder
from gaze_examples.photos.answers import Answer, look
from gaze_examples.photos.drawing import annotate
from gaze_examples.photos.files import grey_of, read_photo, write_picture
from gaze_examples.photos.film import annotate_film, check_film
from minigrad.nn import Module

ANSWERS = "answers.json"
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
NOTE = "Quadrants are those of the picture: its left and right, not the person's."


class Outcome(NamedTuple):
    """What came of all pictures: rows for a table, and how many faces (or frames of a film) could be answered."""

    rows: list[tuple[str, ...]]
    answered: int


def check(path: Path) -> None:
    """DataError for a picture that is not there, or cannot be read."""
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    if is_film(path):
        check_film(path)
    else:
        read_photo(path)


def predict(
    model: Module, paths: Sequence[Path], folder: Path, about: str, on_bad: Callable[[DataError], None]
) -> Outcome:
    """Answer every picture, and write `folder`, whole or not at all.

    about: what the network is, for the JSON. on_bad: called with what cannot be read, which is then left out; if
    nothing can be read, there is no folder.
    """
    rows: list[tuple[str, ...]] = []
    photos: list[dict[str, Any]] = []
    taken: Counter[str] = Counter()
    answered = read = 0
    with whole_folder(folder) as unfinished:
        for path in paths:
            name = path.stem if not taken[path.stem] else f"{path.stem}-{taken[path.stem] + 1}"
            try:
                if is_film(path):
                    film = annotate_film(model, path, unfinished / name)
                    rows += [(path.name, "", *film.row())]
                    answered += film.answered
                else:
                    photo = read_photo(path)
                    answers = look(model, grey_of(photo))
                    write_picture(annotate(photo, answers, enlarge=True), unfinished / f"{name}.png")
                    photos += [_as_dict(path, photo.shape, answers, f"{name}.png")]
                    rows += _rows(path, answers)
                    answered += sum(answer.quadrant is not None for answer in answers)
            except DataError as error:
                on_bad(error)
                continue
            taken[path.stem] += 1
            read += 1
        if not read:
            raise DataError("None of the pictures could be read, so nothing is written.")
        contents = {"network": about, "quadrants": [f"{i}: {name}" for i, name in enumerate(QUADRANTS)], "note": NOTE,
                    "photos": photos}  # fmt: skip
        text = json.dumps(contents, indent=1, ensure_ascii=False)
        (unfinished / ANSWERS).write_text(text + "\n", encoding="utf-8", errors="replace")
    return Outcome(rows, answered)


def is_film(path: Path) -> bool:
    """Whether a path is that of a film, by its ending."""
    return path.suffix.lower() in FILMS


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """The answers as text."""
    everything = [("picture", "face", "looks", "probability", "how sure"), *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(5)]
    lines = ("   ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in everything)
    return "\n".join(line.rstrip() for line in lines)


def _rows(path: Path, answers: Sequence[Answer]) -> list[tuple[str, ...]]:
    if not answers:
        return [(path.name, "—", "no face was found", "", "")]
    rows: list[tuple[str, ...]] = []
    for number, answer in enumerate(answers, 1):
        if answer.quadrant is None:
            rows.append((path.name, str(number), answer.face.problem, "", ""))
        else:
            sure = f"{answer.sure} ({100 * answer.agreement:.0f} % of the crops agree)"
            rows.append((path.name, str(number), answer.name, f"{100 * answer.probability:.0f} %", sure))
    return rows


def _as_dict(path: Path, shape: tuple[int, ...], answers: Sequence[Answer], picture: str) -> dict[str, Any]:
    return {
        "photo": str(path),
        "width": shape[1],
        "height": shape[0],
        "picture": picture,
        "faces": [answer.as_dict() for answer in answers],
    }
