"""Tiny data sets of each format, made from eye pairs with the formats' own libraries.

Each is built from what its documentation says, not from our readers: the faces and the photographs are seen by a camera
that is put into a scene, so that where the eyes are in them, and where they look, is known and not assumed.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import h5py
import numpy as np
from scipy.io import savemat

from gaze_examples.data.eyes import EyeSet

# The published model of a face, in mm: the corners of both eyes from left to right in the image, then the mouth's.
FACE_MODEL = np.array(
    [[-45.1, 0, 0], [-21.3, 0, 0], [21.3, 0, 0], [45.1, 0, 0], [-26.3, 68.6, 0], [26.3, 68.6, 0]]
)  # fmt: skip
FACE_MODEL -= FACE_MODEL.mean(axis=0)  # seen from the face's centre
EYE_MIDDLES = FACE_MODEL[:4].reshape(2, 2, 3).mean(axis=1)
CAMERA = np.array([[700.0, 0, 330], [0, 710.0, 235], [0, 0, 1]])
PX_PER_MM = 1.6  # of an eye patch


def direction(gaze) -> np.ndarray:
    """The unit vector of a yaw and a pitch."""
    yaw, pitch = gaze
    return -np.array([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)])


def write_mpiigaze(root: Path, eyes: EyeSet, days: int = 2) -> None:
    """Data/Normalized/pXX/dayYY.mat; the person's left eye is the one on the right of the image."""
    for number, person in enumerate(eyes.people):
        theirs = eyes[eyes.person == number]
        for day, chosen in enumerate(np.array_split(np.arange(len(theirs)), days), start=1):
            gaze = np.array([direction(angles) for angles in theirs.gaze[chosen]])
            sides = {"left": theirs.images[chosen, :, 60:], "right": theirs.images[chosen, :, :60]}
            write_day(root / "Data" / "Normalized" / person / f"day{day:02}.mat", sides, {"left": gaze, "right": gaze})


def write_day(file: Path, images: dict[str, np.ndarray], gaze: dict[str, np.ndarray]) -> None:
    names = [f"{i:04}.jpg" for i in range(1, len(images["left"]) + 1)]
    sides = {s: {"image": images[s].squeeze(), "gaze": gaze[s].squeeze(), "pose": 0 * gaze[s]} for s in images}
    file.parent.mkdir(parents=True, exist_ok=True)
    savemat(file, {"data": sides, "filenames": np.array(names, object)})


def write_faces(root: Path, eyes: EyeSet, landmarks: bool = True) -> None:
    """pXX.mat of faces seen from 1000 mm with f = 1600 px."""
    camera = np.array([[1600.0, 0, 224], [0, 1600, 224], [0, 0, 1]])
    root.mkdir(parents=True, exist_ok=True)
    for number, person in enumerate(eyes.people):
        theirs = eyes[eyes.person == number]
        faces, labels = [], []
        for pair, (yaw, pitch) in zip(theirs.images, theirs.gaze, strict=True):
            frame, marks = photograph(pair, np.eye(3), np.array([0, 0, 1000.0]), camera, (448, 448))
            faces.append(np.repeat(frame[None], 3, axis=0))
            labels.append([pitch, yaw, 0, 0, *marks.ravel()] if landmarks else [pitch, yaw, 0, 0])
        write_face_file(root / f"{person}.mat", np.array(faces), np.array(labels))


def write_face_file(file: Path, faces: np.ndarray, labels: np.ndarray) -> None:
    with h5py.File(file, "w", userblock_size=512) as mat:  # MATLAB's own header is there
        mat["Data/data"], mat["Data/label"] = faces, labels


def write_frames(root: Path, eyes: EyeSet, seed: int = 0) -> None:
    """pXX/pXX.txt and the photographs it lists: heads here and there, more or less upright, turned a little."""
    rng = np.random.default_rng(seed)
    for number, person in enumerate(eyes.people):
        folder = root / person
        (folder / "day01").mkdir(parents=True)
        write_camera(folder)
        lines = []
        theirs = eyes[eyes.person == number]
        for i, (pair, gaze) in enumerate(zip(theirs.images, theirs.gaze, strict=True), start=1):
            centre = rng.uniform((-80, -50, 500), (80, 50, 700))
            head, _ = cv2.Rodrigues(rng.uniform((-0.1, -0.1, -0.3), (0.1, 0.1, 0.3)))
            # What the gaze is measured by: axes that look at the eyes and are level with the head.
            middle = centre + head @ EYE_MIDDLES.mean(axis=0)
            forward = middle / np.linalg.norm(middle)
            down = np.cross(forward, head[:, 0])
            down /= np.linalg.norm(down)
            axes = np.stack([np.cross(down, forward), down, forward])
            target = middle + axes.T @ direction(gaze) * 550
            frame, marks = photograph(pair, head, centre, CAMERA, (640, 480))
            cv2.imwrite(str(folder / "day01" / f"{i:04}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 98])
            lines.append(line_of(f"day01/{i:04}.jpg", marks, head, centre, target))
        (folder / f"{person}.txt").write_text("\n".join(lines) + "\n")


def write_camera(folder: Path) -> None:
    (folder / "Calibration").mkdir(parents=True, exist_ok=True)
    savemat(folder / "Calibration" / "Camera.mat", {"cameraMatrix": CAMERA, "distCoeffs": np.zeros((1, 5))})


def line_of(image: str, marks: np.ndarray, head: np.ndarray, centre: np.ndarray, target: np.ndarray) -> str:
    rotation, _ = cv2.Rodrigues(head)
    numbers = [640, 400, *marks.ravel(), *rotation.ravel(), *centre, *centre, *target]
    return " ".join([image, *(f"{number:.6f}" for number in numbers), "left"])


def photograph(
    pair: np.ndarray, head: np.ndarray, centre: np.ndarray, camera: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture of a flat face with the two patches of `pair` on it as eyes, and its six landmarks in px."""
    frame = np.full(size[::-1], 128, np.uint8)
    plane = camera @ np.column_stack([head[:, 0], head[:, 1], centre])  # from mm on the face to px
    for (x, y, _), patch in zip(EYE_MIDDLES, (pair[:, :60], pair[:, 60:]), strict=True):
        on_face = np.array([[1 / PX_PER_MM, 0, x - 30 / PX_PER_MM], [0, 1 / PX_PER_MM, y - 18 / PX_PER_MM], [0, 0, 1]])
        warp = plane @ on_face
        covered = cv2.warpPerspective(np.full_like(patch, 255), warp, size)
        frame = np.where(covered > 128, cv2.warpPerspective(patch, warp, size, borderMode=cv2.BORDER_REPLICATE), frame)
    return frame, project(FACE_MODEL @ head.T + centre, camera)


def project(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Where a camera sees `points` (N, 3): x and y in px."""
    image = points @ camera.T
    return image[:, :2] / image[:, 2:]
