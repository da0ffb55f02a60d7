"""The original MPIIFaceGaze: photographs as the laptops took them, and where everything was, a text file a person.

    pXX/pXX.txt                       a line a photograph, 28 fields; see `_Line`
    pXX/dayYY/N.jpg                   the photographs
    pXX/Calibration/Camera.mat        cameraMatrix (3, 3)

Each eye is cut out by the published normalisation, `normalization.py`, and its gaze goes from there to the target. A
pair's gaze is the direction midway between the two, as for MPIIGaze's own normalised eyes.

Where an eye is in space. In the published model of a face the middles of both eyes, the mouth's corners and so the
centre of the face lie in one plane, the head's x and y axes. So an eye is where the ray through the middle of its two
corners in the photograph meets that plane. (The authors' own code takes the fitted model's eye instead, which may be a
few px off the eye in the photograph.) Lens distortion is left in, as W is defined without it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from gaze_examples.data.eyes import EyeSet, Reading, Skipped, angles
from gaze_examples.data.image_files import read_grey, read_pairs
from gaze_examples.data.normalization import View, patch_of, view_of
from gaze_examples.data.parts import Format, Part, Progress, need, reason, skipped_part, source_of, state

NAME = "MPIIFaceGaze, original frames"
FIELDS = 28
STEP = 256  # photographs in a part
EYE_TO_CENTRE = (15, 100)  # mm an eye may be from the face's centre; in the model it is 40


class _Line(NamedTuple):
    """A photograph. Lengths are in mm, in the camera's axes; the target in screen pixels is not used."""

    image: str  # relative to the person's folder
    eyes: np.ndarray  # (2, 2): x and y, in px, of the middle of each eye's corners; the one on the image's left first
    head: np.ndarray  # (3, 3): the head's rotation
    centre: np.ndarray  # (3,): of the face
    target: np.ndarray  # (3,): what is looked at


class _Shot(NamedTuple):
    """What a photograph's pair is made from: the views of both eyes, and where they look."""

    image: str
    views: tuple[View, View]
    centres: np.ndarray  # (2, 2): as in the line
    gaze: np.ndarray  # (2,): yaw and pitch


def matches(root: Path) -> bool:
    return any((folder / f"{folder.name}.txt").exists() for folder in root.glob("p[0-9][0-9]"))


def parts(root: Path) -> list[Part]:
    need("scipy.io")
    source = source_of(NAME, root)
    found = []
    for folder in sorted(path for path in root.glob("p[0-9][0-9]") if path.is_dir()):
        person = folder.name
        text, calibration = folder / f"{person}.txt", folder / "Calibration" / "Camera.mat"
        try:
            lines = text.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            found.append(skipped_part(person, source, state(text), [Skipped(f"{person}/{text.name}", reason(error))]))
            continue
        try:
            camera = _camera(calibration)
        except Exception as error:  # a broken file can raise anything in the library that reads it
            why = [Skipped(f"{person}/Calibration/Camera.mat", reason(error))]
            found.append(skipped_part(person, source, state(text, calibration), why, len(lines)))
            continue
        if not lines:
            found.append(skipped_part(person, source, state(text), [Skipped(f"{person}/{text.name}", "it is empty")]))
        for start in range(0, len(lines), STEP):
            some = lines[start : start + STEP]
            images = [folder / line.split()[0].replace("\\", "/") for line in some if line.strip()]
            fingerprint = f"{state(text, calibration, *images)} {start}"
            read = partial(_read_lines, folder, start + 1, some, camera, source)
            found.append(Part(f"{person}-{start:05}", len(some), fingerprint, read))
    return found


FORMAT = Format(NAME, "pXX/pXX.txt with pXX/Calibration/Camera.mat", "frames", matches, parts)


def _camera(file: Path) -> np.ndarray:
    with open(file, "rb") as opened:
        camera = np.asarray(need("scipy.io").loadmat(opened)["cameraMatrix"], np.float64)
    if camera.shape != (3, 3) or not np.all(np.isfinite(camera)) or camera[0, 0] <= 0 or camera[1, 1] <= 0:
        raise ValueError("its cameraMatrix is no 3 x 3 matrix of a camera")
    return camera


def _read_lines(
    folder: Path, first: int, lines: list[str], camera: np.ndarray, source: str, progress: Progress
) -> Reading:
    """The pairs of some lines of a person's file, the first of which is its line number `first`."""
    person = folder.name
    shots: list[_Shot] = []
    skipped = []
    for number, line in enumerate(lines, start=first):
        if line.strip():
            try:
                shots.append(_shot(_parsed(line.split()), camera))
            except ValueError as error:
                skipped.append(Skipped(f"{person}/{person}.txt:{number}", str(error)))
    progress(len(lines) - len(shots))

    def read_one(i: int) -> np.ndarray | Skipped:
        try:
            frame = read_grey(folder / shots[i].image)
            if np.any(shots[i].centres < 0) or np.any(shots[i].centres >= frame.shape[::-1]):
                raise ValueError("an eye lies outside of it")
        except ValueError as error:
            return Skipped(f"{person}/{shots[i].image}", str(error))
        return np.hstack([patch_of(frame, view) for view in shots[i].views])

    images, unreadable = read_pairs(len(shots), read_one, progress)
    gaze = np.array([shot.gaze for shot in shots], np.float32).reshape(-1, 2)
    eyes = EyeSet(images, gaze, np.zeros(len(shots), np.int16), (person,), source)
    good = np.ones(len(shots), bool)
    good[list(unreadable)] = False
    return Reading(eyes[good], skipped + list(unreadable.values()))


def _parsed(fields: list[str]) -> _Line:
    """A line of the file; ValueError says what is wrong with it."""
    if len(fields) != FIELDS:
        raise ValueError(f"expected {FIELDS} fields, but there are {len(fields)}")
    try:
        values = np.array(fields[1:27], np.float64)
    except ValueError:
        raise ValueError("expected numbers in the fields 2 to 27") from None
    if not np.all(np.isfinite(values)):
        raise ValueError("expected numbers in the fields 2 to 27, but one is not finite")
    landmarks, rotation, centre, target = values[2:14], values[14:17], values[20:23], values[23:26]
    eyes = landmarks[:8].reshape(2, 2, 2).mean(axis=1)
    head, _ = cv2.Rodrigues(rotation)
    return _Line(fields[0].replace("\\", "/"), eyes[np.argsort(eyes[:, 0])], head, centre, target)


def _shot(line: _Line, camera: np.ndarray) -> _Shot:
    """Where the eyes of a photograph are in space, how they are seen and where they look; ValueError if nowhere."""
    rays = np.column_stack([line.eyes, np.ones(2)]) @ np.linalg.inv(camera).T
    plane = line.head[:, 2]
    with np.errstate(all="ignore"):  # a plane seen from its edge is refused below
        eyes = rays * (line.centre @ plane / (rays @ plane))[:, None]
    distances = np.linalg.norm(eyes - line.centre, axis=1)
    if not (np.all(eyes[:, 2] > 0) and np.all((distances > EYE_TO_CENTRE[0]) & (distances < EYE_TO_CENTRE[1]))):
        raise ValueError(
            "the eyes' landmarks, the head's pose and the face's centre do not fit together: the eyes would be "
            f"{distances[0]:.0f} and {distances[1]:.0f} mm from the centre, 40 is usual"
        )
    left, right = (view_of(eye, line.head, camera) for eye in eyes)
    directions = [view.rotation @ (line.target - eye) for view, eye in zip((left, right), eyes, strict=True)]
    gaze = angles(sum(direction / np.linalg.norm(direction) for direction in directions))
    return _Shot(line.image, (left, right), line.eyes, gaze)
