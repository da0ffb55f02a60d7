"""MPIIFaceGaze as its authors normalised it: whole faces, a MATLAB file (v7.3, which is HDF5) a person.

    pXX.mat      Data/data (N, 3, 448, 448): blue, green, red
                 Data/label (N, 16): pitch, yaw, two angles of the head, x and y of six landmarks

Where the eyes are. The virtual camera of these faces has f = 1600 px and looks at the centre of the face, the mean of
six landmarks, from 1000 mm. So a mm at the face is 1.6 px, the very scale of MPIIGaze's eye patches (960 px, 600 mm),
and a patch is cut out without resizing. In the published model of a face the corners of an eye lie 45.1 and 21.3 mm
beside its middle, the corners of the mouth 68.6 mm below the eyes. The mean of the six is then 68.6 / 3 = 22.9 mm below
the eyes, and an eye 33.2 mm beside it: 36.6 px above the image's centre, 53.1 px beside it.

How sure that is. The model is the same for everybody, and was only fitted to each photograph: people whose eyes are 4
mm wider apart are off by 3 px, a head turned by 20 degrees by 3 px more, and longer faces by about as much. Where the
six landmarks are in the label, and put both eyes within 25 px of there, the middle of an eye's corners is taken
instead; labels without them, or with something else in their place, are no hindrance. Look at `gaze data PATH --sheet
eyes.png`.

The gaze is that of the face, measured from its centre. Zhang, Sugano, Fritz and Bulling, "It's Written All Over Your
Face", CVPRW 2017.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from gaze_examples.data.eyes import EyeSet, Reading, Skipped
from gaze_examples.data.normalization import EYE_AT, PATCH
from gaze_examples.data.parts import Format, Part, Progress, need, reason, skipped_part, source_of, state

NAME = "MPIIFaceGaze, normalised faces"
FACE = 448
SCALE = 1600 / 1000  # px a mm
ASIDE, BELOW = (45.1 + 21.3) / 2, 68.6 / 3  # mm from the face's centre to an eye, from an eye to the centre's height
EYES = FACE / 2 + SCALE * np.array([[-ASIDE, -BELOW], [ASIDE, -BELOW]])  # (2, 2): x and y of each, in px
STRAY = 25  # px by which landmarks may be off from there
BAND = slice(int(EYES[0, 1]) - STRAY - PATCH[0], int(EYES[0, 1]) + STRAY + PATCH[0])  # rows that hold every patch
STEP = 128  # faces read at a time: 16 MB of the band


def matches(root: Path) -> bool:
    return any(root.glob("p[0-9][0-9].mat"))


def parts(root: Path) -> list[Part]:
    need("h5py")
    source = source_of(NAME, root)
    found = []
    for file in sorted(root.glob("p[0-9][0-9].mat")):
        try:
            count, step = _size(file)
        except Exception as error:  # a broken file can raise anything in the library that reads it
            found.append(skipped_part(file.stem, source, state(file), [Skipped(file.name, reason(error))]))
            continue
        for start in range(0, count, step):
            stop = min(start + step, count)
            read = partial(_read_faces, file, start, stop, source)
            found.append(Part(f"{file.stem}-{start:05}", stop - start, f"{state(file)} {start} {stop}", read))
    return found


FORMAT = Format(NAME, "pXX.mat with faces", "faces", matches, parts)


def _size(file: Path) -> tuple[int, int]:
    """How many faces a file has, and how many to read at a time; ValueError for what holds no faces."""
    with open(file, "rb"):
        pass  # the system says better than HDF5 why a file cannot be opened
    with need("h5py").File(file) as mat:
        faces, labels = mat["Data/data"], mat["Data/label"]
        if faces.shape[1:] != (3, FACE, FACE) or labels.ndim != 2 or labels.shape[1] < 2:
            raise ValueError(
                f"expected Data/data (N, 3, {FACE}, {FACE}) and Data/label (N, 2 or more), but they are {faces.shape} "
                f"and {labels.shape}"
            )
        if len(faces) != len(labels) or len(faces) == 0:
            raise ValueError(f"there are {len(faces)} faces and {len(labels)} labels")
        # HDF5 unpacks a chunk whole, so a chunk that is cut in two would be unpacked twice.
        chunk = faces.chunks[0] if faces.chunks else 1
        return len(faces), min(chunk * max(1, STEP // chunk), 4 * STEP)


def _read_faces(file: Path, start: int, stop: int, source: str, progress: Progress) -> Reading:
    try:
        with need("h5py").File(file) as mat:
            bands = mat["Data/data"][start:stop, :, BAND, :]
            labels = np.asarray(mat["Data/label"][start:stop], np.float64)
    except Exception as error:  # as above; a chunk that is damaged
        progress(stop - start)
        return Reading(EyeSet.empty(source), [Skipped(f"{file.name}: faces {start} to {stop - 1}", reason(error))])
    pitch, yaw = labels[:, 0], labels[:, 1]
    good = (np.abs(pitch) <= np.pi / 2) & (np.abs(yaw) <= np.pi)  # false for NaN, too
    why = "its gaze is no angle in radians"
    skipped = [Skipped(f"{file.name}: face {start + i}", why) for i in np.flatnonzero(~good)]
    images = np.stack([_pair(band, eyes) for band, eyes in zip(bands, _eye_centres(labels), strict=True)])
    gaze = np.stack([yaw, pitch], axis=1).astype(np.float32)
    progress(stop - start)
    eyes = EyeSet(images, gaze, np.zeros(len(images), np.int16), (file.stem,), source)
    return Reading(eyes if good.all() else eyes[good], skipped)


def _eye_centres(labels: np.ndarray) -> np.ndarray:
    """(N, 2 eyes, x and y): of the landmarks in `labels` where they can be right, else of the model."""
    model = np.broadcast_to(EYES, (len(labels), 2, 2))
    if labels.shape[1] < 16:
        return model
    marked = labels[:, 4:12].reshape(-1, 2, 2, 2).mean(axis=2)  # of four corners, two an eye
    fits = np.all(np.abs(marked - EYES) <= STRAY, axis=(1, 2))
    return np.where(fits[:, None, None], marked, model)


def _pair(band: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """The pair (36, 120) from the rows `BAND` (3, rows, 448) of a face."""
    grey = cv2.cvtColor(np.ascontiguousarray(band.transpose(1, 2, 0)).clip(0, 255).astype(np.uint8), cv2.COLOR_BGR2GRAY)
    corners = np.round(eyes).astype(int) - EYE_AT - (0, BAND.start)
    return np.hstack([cv2.equalizeHist(grey[y : y + PATCH[0], x : x + PATCH[1]].copy()) for x, y in corners])
