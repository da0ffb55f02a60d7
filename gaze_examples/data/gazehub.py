"""GazeHub's layout, the one of the course folder `MPIIFaceGaze/`: read it, and write it.

    Image/pXX/{face,left,right}/N.jpg     36 x 60 grey patches; "left" is the eye on the left of the image
    Label/pXX.label                       a header line that names the columns, then one line a pair
    SOURCE.txt                            ours, optional: one sentence that says what the images are

Fields are separated by spaces, vectors inside by commas; image paths are relative to `Image/`. `2DGaze` is yaw,pitch in
radians. Our own files have one or two columns more, `Quadrant` and `Oracle` (0..3): a renderer knows the screen point.
The layout is that of Cheng et al., "Appearance-based Gaze Estimation With Deep Learning: A Review and Benchmark".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from gaze_examples.data.eyes import HEIGHT, WIDTH, DataError, EyeSet, Reading, Skipped
from gaze_examples.data.image_files import read_grey, read_pairs
from gaze_examples.data.parts import Format, Part, Progress, source_of, state
from gaze_examples.data.whole import whole_folder

PATCH = (HEIGHT, WIDTH // 2)
COLUMNS = (
    "Face",
    "Left",
    "Right",
    "Origin",
    "WhichEye",
    "3DGaze",
    "3DHead",
    "2DGaze",
    "2DHead",
    "Rmat",
    "Smat",
    "GazeOrigin",
)
NEEDED = ("Left", "Right", "2DGaze")
NAME = "GazeHub's layout"
LAYOUT = "Image/pXX/left/N.jpg, Image/pXX/right/N.jpg and Label/pXX.label"


class _Pair(NamedTuple):
    """One line of a label file."""

    left: str
    right: str
    gaze: tuple[float, float]
    quadrant: int | None
    oracle: int | None


def matches(root: Path) -> bool:
    """Whether there is an Image/ or a Label/, however spelled: what is nearly this layout gets its own sentence."""
    return root.resolve().name in ("Image", "Label") or any(
        path.name.capitalize() in ("Image", "Label") for path in root.iterdir()
    )


def is_whole(root: Path) -> bool:
    """Whether both folders are there."""
    return (root / "Image").is_dir() and (root / "Label").is_dir()


def parts(root: Path) -> list[Part]:
    """A part a person. Raises DataError where the layout is not GazeHub's, and where a person has no label file."""
    _check(root)
    found = []
    for path in _label_files(root):
        count = max(0, len(path.read_bytes().splitlines()) - 1)
        found.append(Part(path.stem, count, _state(root, path), partial(_read_person, root, path)))
    return found


FORMAT = Format(NAME, LAYOUT, "pairs", matches, parts)


def write(eyes: EyeSet, folder: str | Path, progress: Progress | None = None) -> None:
    """Write `eyes` to `folder`, which must be new or empty, person by person; reading it gives them back, JPEG apart.

    The folder appears when it is complete: whatever goes wrong before that, nothing is left. Raises DataError if the
    folder holds something already, if a person's name cannot name a file, and if writing fails.
    """
    folder = Path(folder)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise DataError(f"Will not write into {folder}, which is not an empty folder; remove it or name another.")
    for name in eyes.people:
        if not name or name.startswith(".") or any(c.isspace() or c in '\\/:*?"<>|' for c in name):
            raise DataError(f'A person\'s name becomes that of a file and a folder here, and "{name}" cannot be one.')
    try:
        with whole_folder(folder) as unfinished:
            (unfinished / "Label").mkdir()
            (unfinished / "SOURCE.txt").write_text(eyes.source + "\n", encoding="utf-8")
            for person in np.unique(eyes.person):
                _write_person(eyes[eyes.person == person], eyes.people[person], unfinished, progress)
    except OSError as error:
        raise DataError(
            f"Could not write {folder} ({error}); nothing was left there, so free some space or name "
            "another folder, and try again."
        ) from error


# Reading


def _read_person(root: Path, label_file: Path, progress: Progress) -> Reading:
    """A person's pairs in the order of the label file.

    Images that are missing, broken or of a wrong size, and lines that make no sense, are skipped and listed. Raises
    DataError where the header lacks a column, and where not one pair can be read.
    """
    person = label_file.stem
    pairs, skipped = _read_label_file(label_file)

    def read_one(i: int) -> np.ndarray | Skipped:
        halves = []
        for name in (pairs[i].left, pairs[i].right):
            try:
                halves.append(_read_patch(root / "Image" / name))
            except ValueError as error:
                return Skipped(f"Image/{name}", str(error))
        return np.hstack(halves)

    images, unreadable = read_pairs(len(pairs), read_one, progress)
    skipped += unreadable.values()
    good = np.ones(len(pairs), bool)
    good[list(unreadable)] = False
    if not good.any():
        reason = f"; the first: {skipped[0].path}: {skipped[0].why}" if skipped else "; it lists none"
        raise DataError(
            f"Not one pair of Label/{person}.label can be read{reason}; put the images under Image/{person} or remove "
            "the label file."
        )
    eyes = EyeSet(
        images,
        np.array([pair.gaze for pair in pairs], np.float32),
        np.zeros(len(pairs), np.int16),
        (person,),
        _source(root),
        _column([pair.quadrant for pair in pairs]),
        _column([pair.oracle for pair in pairs]),
    )
    return Reading(eyes if good.all() else eyes[good], skipped)


def _state(root: Path, label_file: Path) -> str:
    """A text that changes when the label file or one of the person's images does; reads no contents."""
    facts = [state(label_file, root / "SOURCE.txt")]
    for side in ("left", "right"):
        patches = root / "Image" / label_file.stem / side
        if patches.is_dir():
            # Sums do not depend on the order of a directory, and each of its files moves them.
            with os.scandir(patches) as entries:
                stats = [entry.stat() for entry in entries if entry.is_file()]
            sums = [
                sum(column) for column in zip(*((s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in stats), strict=True)
            ]
            facts.append(f"{side} {len(stats)} {patches.stat().st_mtime_ns} {sums}")
    return " ".join(facts)


def _check(root: Path) -> None:
    """Raise DataError unless Image/ and Label/ lie in `root`."""
    wanted = f'Expected {LAYOUT} (or the word "synthetic")'
    # Names are compared as they are listed: some file systems answer to "Image" when it is called "image".
    names = sorted(path.name for path in root.iterdir() if path.is_dir())
    missing = [name for name in ("Image", "Label") if name not in names]
    if not missing:
        return
    for name in names:
        if name.capitalize() in missing:
            raise DataError(f"{wanted}, but {root / name} is spelled {name}; rename it to {name.capitalize()}.")
    if root.resolve().name in ("Image", "Label"):
        raise DataError(f"{wanted}, but {root} is the folder {root.resolve().name} itself; give the one it lies in.")
    raise DataError(f"{wanted}, but {root} has no {' and no '.join(missing)}, only {', '.join(names) or 'no folders'}.")


def _label_files(root: Path) -> list[Path]:
    files = sorted(path for path in (root / "Label").iterdir() if path.suffix == ".label")  # glob hides an OSError
    if not files:
        raise DataError(
            f"Expected a label file for each person, such as {root / 'Label' / 'p00.label'}, but there are "
            f"none in {root / 'Label'}; put them there."
        )
    labelled = {path.stem for path in files}
    for person in sorted(path.parent.name for path in root.glob("Image/*/left")):
        if person not in labelled:
            raise DataError(
                f"{person} has images in {root / 'Image' / person} but no label file; add "
                f"{root / 'Label' / person}.label or remove the images."
            )
    return files


def _read_label_file(path: Path) -> tuple[list[_Pair], list[Skipped]]:
    """The pairs of one file, and the lines that make no sense."""
    header, *lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() or [""]
    columns = header.split()
    absent = [name for name in NEEDED if name not in columns]
    if absent:
        raise DataError(
            f"The first line of {path} must name the columns {', '.join(NEEDED)}, but it lacks "
            f'{", ".join(absent)} and begins "{header[:60]}"; put a GazeHub header there.'
        )
    pairs, malformed = [], []
    for number, line in enumerate(lines, start=2):
        if line.strip():
            try:
                pairs.append(_pair(columns, line.split()))
            except ValueError as error:
                malformed.append(Skipped(f"Label/{path.name}:{number}", str(error)))
    return pairs, malformed


def _pair(columns: list[str], cells: list[str]) -> _Pair:
    """One line's pair; ValueError says what is wrong with the line."""
    if len(cells) != len(columns):
        raise ValueError(f"expected {len(columns)} fields, as the header has, but there are {len(cells)}")
    cell = dict(zip(columns, cells, strict=True))
    try:
        yaw, pitch = map(float, cell["2DGaze"].split(","))
    except ValueError:
        raise ValueError(f'2DGaze must be two numbers, yaw,pitch, not "{cell["2DGaze"]}"') from None
    if not (abs(yaw) <= np.pi and abs(pitch) <= np.pi / 2):  # NaN too
        raise ValueError(f'2DGaze must be angles in radians, not "{cell["2DGaze"]}"')
    for name in ("Quadrant", "Oracle"):
        if name in cell and cell[name] not in ("0", "1", "2", "3"):
            raise ValueError(f'{name} must be 0, 1, 2 or 3, not "{cell[name]}"')
    left, right = (cell[name].replace("\\", "/") for name in ("Left", "Right"))
    quadrant, oracle = (int(cell[name]) if name in cell else None for name in ("Quadrant", "Oracle"))
    return _Pair(left, right, (yaw, pitch), quadrant, oracle)


def _read_patch(path: Path) -> np.ndarray:
    """The grey patch (36, 60) uint8 in a file; ValueError says why there is none."""
    patch = read_grey(path)
    if patch.shape != PATCH:
        raise ValueError(f"wrong size: {patch.shape[0]} x {patch.shape[1]} pixels, expected {PATCH[0]} x {PATCH[1]}")
    return patch


def _source(root: Path) -> str:
    """The sentence of SOURCE.txt, or one that names the folder; one line, whatever bytes are there."""
    file = root / "SOURCE.txt"
    written = file.read_text(encoding="utf-8-sig", errors="replace") if file.is_file() else ""
    return " ".join(written.split()) or source_of(NAME, root)


def _column(values: list[int | None]) -> np.ndarray | None:
    """An optional column, where every pair has it."""
    return None if None in values else np.array(values, np.uint8)


# Writing


def _write_person(eyes: EyeSet, name: str, root: Path, progress: Progress | None) -> None:
    """One person's patches and label file. What we do not know is zero or the identity, as GazeHub writes it."""
    known = (("Quadrant", eyes.quadrant), ("Oracle", eyes.oracle))
    optional = {column: values for column, values in known if values is not None}
    for side in ("left", "right"):
        (root / "Image" / name / side).mkdir(parents=True)
    identity = _vector(np.eye(3).ravel())
    lines = [" ".join((*COLUMNS, *optional))]
    for i, (image, gaze) in enumerate(zip(eyes.images, eyes.gaze, strict=True)):
        paths = {side: f"{name}/{side}/{i + 1}.jpg" for side in ("face", "left", "right", "sample")}
        for side, patch in (("left", image[:, : PATCH[1]]), ("right", image[:, PATCH[1] :])):
            _, jpeg = cv2.imencode(".jpg", patch, [cv2.IMWRITE_JPEG_QUALITY, 95])
            (root / "Image" / paths[side]).write_bytes(jpeg.tobytes())
        cells = {
            "Face": paths["face"],
            "Left": paths["left"],
            "Right": paths["right"],
            "Origin": paths["sample"],
            "WhichEye": "left",
            "3DGaze": _vector(_direction(gaze)),
            "3DHead": _vector((0, 0, -1)),
            "2DGaze": _vector(gaze),
            "2DHead": _vector((0, 0)),
            "Rmat": identity,
            "Smat": identity,
            "GazeOrigin": _vector((0, 0, 600)),
        }
        lines.append(" ".join([*cells.values(), *(str(values[i]) for values in optional.values())]))
        if progress is not None:
            progress(1)
    (root / "Label" / f"{name}.label").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _direction(gaze: np.ndarray) -> tuple[float, float, float]:
    """The unit vector (x right, y down, z away from the camera) of a yaw and a pitch."""
    yaw, pitch = map(float, gaze)
    return -np.cos(pitch) * np.sin(yaw), -np.sin(pitch), -np.cos(pitch) * np.cos(yaw)


def _vector(values: Sequence[float] | np.ndarray) -> str:
    return ",".join(f"{value:.9g}" for value in values)  # nine digits give a float32 back exactly
