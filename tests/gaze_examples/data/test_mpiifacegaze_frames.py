import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from gaze_examples.data import convert, mpiifacegaze_frames
from gaze_examples.data.eyes import angles
from gaze_examples.data.normalization import view_of
from tests.gaze_examples.data.data_sets import (
    CAMERA,
    EYE_MIDDLES,
    line_of,
    photograph,
    write_camera,
    write_frames,
)
from tests.gaze_examples.data.test_mpiifacegaze import like

TURNS = [np.zeros(3), np.array([0, 0, 0.5]), np.array([0.1, -0.15, -0.3])]  # of the whole scene about the camera


def read(root: Path):
    return convert.joined(root, [part.read(lambda done: None) for part in mpiifacegaze_frames.parts(root)])


@pytest.fixture
def root(tmp_path, make_eyes) -> Path:
    """Two people, three photographs each."""
    write_frames(tmp_path / "Größe 7", make_eyes(people=2, per_person=3))
    return tmp_path / "Größe 7"


def shoot(root: Path, pair: np.ndarray, head: np.ndarray, centre: np.ndarray, target: np.ndarray) -> None:
    """A data set of one photograph."""
    (root / "p00").mkdir()
    write_camera(root / "p00")
    frame, marks = photograph(pair, head, centre, CAMERA, (640, 480))
    cv2.imwrite(str(root / "p00" / "1.png"), frame)
    (root / "p00" / "p00.txt").write_text(line_of("1.png", marks, head, centre, target) + "\n")


def test_patches_and_gaze_come_back_from_photographs_of_heads_here_and_there(root, make_eyes):
    expected = make_eyes(people=2, per_person=3)
    eyes, skipped = read(root)
    assert skipped == []
    for half in (slice(2, 58), slice(62, 118)):
        assert like(eyes.images[:, 2:-2, half], expected.images[:, 2:-2, half]).min() > 0.95
    assert np.degrees(np.abs(eyes.gaze - expected.gaze)).max() < 0.3
    assert (eyes.people, eyes.person.tolist()) == (("p00", "p01"), [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("pose", [(0, 0, 0), (0.2, 0.3, 0), (-0.1, -0.4, 0.2)])
def test_who_looks_into_the_camera_has_gaze_zero_however_the_head_is_held(tmp_path, turn, pose):
    scene, head = cv2.Rodrigues(turn)[0], cv2.Rodrigues(np.array(pose, float))[0]
    shoot(tmp_path, np.zeros((36, 120), np.uint8), scene @ head, scene @ np.array([20.0, 10, 600]), np.zeros(3))
    assert read(tmp_path).eyes.gaze == pytest.approx(np.zeros((1, 2)), abs=1e-5)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("x", "y"), [(-100, 0), (0, 80), (150, -60)])
def test_who_looks_beside_the_camera_has_the_angle_of_the_triangle(tmp_path, turn, x, y):
    scene, _ = cv2.Rodrigues(turn)
    eyes_ahead = np.array([0, 0, 600.0]) - EYE_MIDDLES.mean(axis=0)  # the eyes in the camera's axis, the face below
    shoot(tmp_path, np.zeros((36, 120), np.uint8), scene, scene @ eyes_ahead, scene @ np.array([x, y, 0.0]))
    ((yaw, pitch),) = np.degrees(read(tmp_path).eyes.gaze)
    assert yaw == pytest.approx(np.degrees(np.arctan(-x / 600)), abs=0.2)  # the two eyes differ in the second order
    assert pitch == pytest.approx(np.degrees(np.arctan(-y / np.hypot(x, 600))), abs=0.2)


def test_the_eyes_are_told_by_where_they_are_not_by_the_order_of_their_landmarks(root):
    before = read(root).eyes
    for file in root.glob("p*/p*.txt"):
        lines = [line.split() for line in file.read_text().splitlines()]
        file.write_text("\n".join(" ".join([*line[:3], *line[7:11], *line[3:7], *line[11:]]) for line in lines))
    after = read(root).eyes
    assert np.array_equal(after.images, before.images) and np.array_equal(after.gaze, before.gaze)


def test_the_eyes_of_a_turned_head_are_as_far_away_as_they_are(tmp_path):
    head, _ = cv2.Rodrigues(np.array([0.1, 0.5, 0.1]))
    centre, target = np.array([20.0, 10, 500]), np.array([250.0, 40, 200])  # so near that 30 mm of depth are degrees
    shoot(tmp_path, np.zeros((36, 120), np.uint8), head, centre, target)
    looks = [view_of(eye, head, CAMERA).rotation @ (target - eye) for eye in EYE_MIDDLES @ head.T + centre]
    expected = angles(sum(look / np.linalg.norm(look) for look in looks))
    assert read(tmp_path).eyes.gaze[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("turn", TURNS)
def test_a_mark_in_each_patch_lands_where_it_was_and_on_its_own_side(tmp_path, turn):
    scene, _ = cv2.Rodrigues(turn)
    pair = np.full((36, 120), 90, np.uint8)
    pair[8:11, 40:43] = 255  # a square right of the left eye, one below the right eye
    pair[28:31, 85:88] = 255
    shoot(tmp_path, pair, scene, scene @ np.array([0, 20.0, 430]), np.zeros(3))
    (image,) = read(tmp_path).eyes.images
    for half, expected in ((image[2:-2, 2:58], (41, 9)), (image[2:-2, 62:118], (26, 29))):
        y, x = np.nonzero(half > 250)
        assert (x.mean() + 2, y.mean() + 2) == pytest.approx(expected, abs=1)


def change(field: int, text: str | None):
    """Changes a field, counted from 1, of the first line, or removes it."""

    def spoil(folder: Path) -> None:
        file = folder / "p00.txt"
        first, *rest = file.read_text().splitlines()
        cells = first.split()
        cells[field - 1 : field] = [] if text is None else [text]
        file.write_text("\n".join([" ".join(cells), "", *rest]) + "\n")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "path", "words"),
    [
        (change(28, None), "p00/p00.txt:1", "expected 28 fields, but there are 27"),
        (change(5, "x"), "p00/p00.txt:1", "expected numbers"),
        (change(24, "nan"), "p00/p00.txt:1", "not finite"),
        (change(24, "9000"), "p00/p00.txt:1", "do not fit together: the eyes would be .* mm from the centre"),
        (change(1, "day01/none.jpg"), "p00/day01/none.jpg", "No such file"),
        (lambda folder: (folder / "day01/0001.jpg").write_bytes(b"x" * 99), "p00/day01/0001.jpg", "broken"),
        (
            lambda folder: (folder / "day01/0001.jpg").write_bytes((folder / "day01/0001.jpg").read_bytes()[:-900]),
            "p00/day01/0001.jpg",
            "cut short",
        ),
        (
            lambda folder: cv2.imwrite(str(folder / "day01/0001.jpg"), np.zeros((50, 60), np.uint8)),
            "p00/day01/0001.jpg",
            "an eye lies outside",
        ),
    ],
)
def test_a_broken_line_or_photograph_is_skipped_and_listed_with_the_reason(root, spoil, path, words):
    whole = read(root).eyes
    spoil(root / "p00")
    eyes, skipped = read(root)
    assert [entry.path for entry in skipped] == [path]
    assert re.search(words, skipped[0].why), skipped[0].why
    assert np.array_equal(eyes.images, whole.images[1:])
    assert np.array_equal(eyes.gaze, whole.gaze[1:])


@pytest.mark.parametrize(
    ("spoil", "path", "words"),
    [
        (lambda folder: (folder / "p00.txt").unlink(), "p00/p00.txt", "No such file"),
        (lambda folder: (folder / "p00.txt").write_text(""), "p00/p00.txt", "empty"),
        (lambda folder: (folder / "Calibration/Camera.mat").unlink(), "p00/Calibration/Camera.mat", "No such file"),
        (lambda folder: (folder / "Calibration/Camera.mat").write_bytes(b"x" * 300), "p00/Calibration/Camera.mat", "."),
        (
            lambda folder: savemat(folder / "Calibration/Camera.mat", {"K": 1}),
            "p00/Calibration/Camera.mat",
            "cameraMatr",
        ),
        (
            lambda folder: savemat(folder / "Calibration/Camera.mat", {"cameraMatrix": np.zeros((3, 3))}),
            "p00/Calibration/Camera.mat",
            "no 3 x 3 matrix",
        ),
    ],
)
def test_a_person_without_lines_or_camera_is_listed_and_the_others_are_read(root, spoil, path, words):
    spoil(root / "p00")
    eyes, skipped = read(root)
    assert eyes.people == ("p01",)
    assert [entry.path for entry in skipped] == [path]
    assert re.search(words, skipped[0].why), skipped[0].why


def test_a_person_is_read_in_parts_whose_line_numbers_go_on(root, monkeypatch):
    whole = read(root).eyes
    change(28, None)(root / "p00")  # and an empty line after the first
    monkeypatch.setattr(mpiifacegaze_frames, "STEP", 2)
    parts = mpiifacegaze_frames.parts(root)
    assert [(part.name, part.size) for part in parts] == [
        ("p00-00000", 2), ("p00-00002", 2), ("p01-00000", 2), ("p01-00002", 1),
    ]  # fmt: skip
    done = []
    readings = [part.read(done.append) for part in parts]
    assert sum(done) == 7
    eyes = convert.joined(root, readings).eyes
    assert np.array_equal(eyes.images, whole.images[1:])
    lines = (root / "p00" / "p00.txt").read_text().splitlines()
    (root / "p00" / "p00.txt").write_text("\n".join([*lines[1:], lines[0]]) + "\n")
    assert [entry.path for entry in read(root).skipped] == ["p00/p00.txt:4"]


def test_a_part_changes_with_its_photographs_and_the_camera(root):
    seen = {convert.fingerprint_of(mpiifacegaze_frames.parts(root))}
    for file in ("p00/p00.txt", "p01/day01/0003.jpg", "p00/Calibration/Camera.mat"):
        (root / file).touch()
        seen.add(convert.fingerprint_of(mpiifacegaze_frames.parts(root)))
    assert len(seen) == 4
