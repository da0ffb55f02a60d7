"""MPIIGaze as its authors normalised it: a MATLAB file (v5) a person and day.

    Data/Normalized/pXX/dayYY.mat                             data.left, data.right, each with image (N, 36, 60), gaze
                                                              (N, 3) and pose (N, 3); filenames (N,)
    Evaluation Subset/sample list for eye image/pXX.txt       optional: "day01/0001.jpg left" a line

"left" is the person's left eye there, the eye on the right of the image. Nothing in the files is mirrored. Each eye was
seen by a virtual camera of its own that looks at it, so its gaze is measured from there: somebody who looks into the
real camera has the same gaze, straight ahead, in both. A pair's gaze is the direction midway between its two.

Where a list for a person is there, the images on it are taken, each once, whichever of its eyes is listed. MATLAB keeps
a day with a single image without its first axis. Zhang, Sugano, Fritz and Bulling, "MPIIGaze", TPAMI 2019.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from gaze_examples.data.eyes import EyeSet, Reading, Skipped, angles
from gaze_examples.data.normalization import PATCH
from gaze_examples.data.parts import Format, Part, Progress, need, reason, skipped_part, source_of, state

NAME = "MPIIGaze, normalised eyes"
LISTS = Path("Evaluation Subset", "sample list for eye image")


def matches(root: Path) -> bool:
    return any(root.glob("Data/Normalized/p[0-9][0-9]/*.mat"))


def parts(root: Path) -> list[Part]:
    need("scipy.io")
    source = source_of(NAME, root)
    found = []
    folders = {folder.name: folder for folder in sorted(root.glob("Data/Normalized/p[0-9][0-9]"))}
    lists = {file.stem: file for file in sorted((root / LISTS).glob("*.txt"))}
    for person, folder in folders.items():
        try:
            days = sorted(path for path in folder.iterdir() if path.suffix == ".mat")  # glob hides an OSError
            none = "no day in it, such as day01.mat"
        except OSError as error:
            days, none = [], reason(error)
        if not days:
            found.append(skipped_part(person, source, none, [Skipped(f"Data/Normalized/{person}", none)]))
        listed = None
        if person in lists:
            listed, unclear = _listed(lists[person], {day.stem for day in days})
            found.append(skipped_part(f"{person}-list", source, state(lists[person]), unclear))
        for day in days:
            chosen = None if listed is None else listed.get(day.stem, [])
            if chosen != []:
                read = partial(_read_day, day, person, chosen, source)
                found.append(Part(f"{person}-{day.stem}", 1, f"{state(day)} {chosen}", read))
    for person in sorted(lists.keys() - folders.keys()):
        why = [Skipped(f"{LISTS.as_posix()}/{person}.txt", f"there is no such person in Data/Normalized as {person}")]
        found.append(skipped_part(f"{person}-list", source, "", why))
    return found


FORMAT = Format(NAME, "Data/Normalized/pXX/dayYY.mat", "days", matches, parts)


def _listed(file: Path, days: set[str]) -> tuple[dict[str, list[str]], list[Skipped]]:
    """A person's listed images by day, each once, and the lines that cannot be used."""
    listed: dict[str, dict[str, None]] = {}
    unclear = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        fields = re.fullmatch(r"\s*([^/\\\s]+)[/\\](\S+)\s+(left|right)\s*", line)
        place = f"{LISTS.as_posix()}/{file.name}:{number}"
        if fields and fields[1] in days:
            listed.setdefault(fields[1], {})[fields[2]] = None
        elif fields:
            unclear.append(Skipped(place, f"there is no {fields[1]}.mat of {file.stem}"))
        elif line.strip():
            unclear.append(Skipped(place, f'expected a line such as "day01/0001.jpg left", not "{line.strip()[:60]}"'))
    return {day: list(images) for day, images in listed.items()}, unclear


def _read_day(file: Path, person: str, chosen: list[str] | None, source: str, progress: Progress) -> Reading:
    place = f"Data/Normalized/{person}/{file.name}"
    try:
        left, right, names = _eyes_of(file)
    except Exception as error:  # a broken file can raise anything in the library that reads it
        progress(1)
        return Reading(EyeSet.empty(source), [Skipped(place, reason(error))])
    images = np.concatenate([right[0], left[0]], axis=2)  # the image's left, then its right
    skipped = []
    number = {name: i for i, name in enumerate(names)}
    taken = []
    for name in names if chosen is None else chosen:
        i = number.get(name)
        if i is None:
            skipped.append(Skipped(f"{place}: {name}", "listed for the evaluation, but not in the file"))
        elif not (_is_direction(left[1][i]) and _is_direction(right[1][i])):
            skipped.append(Skipped(f"{place}: {name}", "its gaze is no direction towards the camera"))
        else:
            taken.append(i)
    directions = [gaze[taken] / np.linalg.norm(gaze[taken], axis=1, keepdims=True) for gaze in (left[1], right[1])]
    gaze = angles(sum(directions)).astype(np.float32)
    progress(1)
    return Reading(EyeSet(images[taken], gaze, np.zeros(len(taken), np.int16), (person,), source), skipped)


def _eyes_of(file: Path):
    """(images, gaze) of the left and of the right eye as the file calls them, and the images' names."""
    with open(file, "rb") as opened:  # for the system's own words where that is not allowed
        mat = need("scipy.io").loadmat(opened, squeeze_me=True, struct_as_record=False)
    names = [str(name).strip() for name in np.atleast_1d(mat["filenames"])]
    eyes = []
    for side in ("left", "right"):
        eye = getattr(mat["data"], side)
        image, gaze = np.asarray(eye.image), np.asarray(eye.gaze, np.float64)
        if image.shape[-2:] != PATCH or image.size != len(names) * PATCH[0] * PATCH[1] or gaze.size != 3 * len(names):
            raise ValueError(
                f"expected {len(names)} {side} images of {PATCH[0]} x {PATCH[1]} with 3 numbers of gaze each, "
                f"as there are names, but there are images {image.shape} and gaze {gaze.shape}"
            )
        eyes.append((image.reshape(-1, *PATCH).astype(np.uint8), gaze.reshape(-1, 3)))
    return *eyes, names


def _is_direction(gaze: np.ndarray) -> bool:
    return bool(np.all(np.isfinite(gaze)) and 0.9 < np.linalg.norm(gaze) < 1.1 and gaze[2] < 0)
