import re
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

from gaze_examples.data import convert, mpiifacegaze
from tests.gaze_examples.data.data_sets import EYE_MIDDLES, project, write_face_file, write_faces


def read(root: Path):
    return convert.joined(root, [part.read(lambda done: None) for part in mpiifacegaze.parts(root)])


@pytest.fixture
def root(tmp_path, make_eyes) -> Path:
    write_faces(tmp_path / "Größe 7", make_eyes(people=2, per_person=3))
    return tmp_path / "Größe 7"


def like(images: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """How alike pictures are, equalised or not: the correlation of their pixels."""
    return np.array([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, expected, strict=True)])


@pytest.mark.parametrize("landmarks", [True, False])
def test_the_eyes_of_a_face_are_found_with_and_without_landmarks(tmp_path, make_eyes, landmarks):
    expected = make_eyes(people=2, per_person=3)
    write_faces(tmp_path, expected, landmarks)
    eyes, skipped = read(tmp_path)
    assert skipped == []
    for half in (slice(60), slice(60, 120)):  # each for itself, as they are equalised
        assert like(eyes.images[:, 1:-1, half], expected.images[:, 1:-1, half]).min() > 0.95
    assert eyes.gaze == pytest.approx(expected.gaze)
    assert (eyes.people, eyes.person.tolist()) == (("p00", "p01"), [0, 0, 0, 1, 1, 1])


def test_the_eyes_place_is_where_a_camera_sees_those_of_the_model():
    camera = np.array([[1600, 0, 224], [0, 1600, 224], [0, 0, 1]])
    seen = project(EYE_MIDDLES + (0, 0, 1000), camera)
    assert np.abs(seen - mpiifacegaze.EYES).max() < 0.1


def marked_face(eyes) -> np.ndarray:
    """A face (3, 448, 448) with a bright cross in each of `eyes` (x, y), the left one brighter."""
    face = np.zeros((3, 448, 448), np.uint8)
    for (x, y), level in zip(eyes, (255, 180), strict=True):
        face[:, y, x - 8 : x + 9] = level
        face[:, y - 5 : y + 6, x] = level
    return face


@pytest.mark.parametrize(
    ("away", "followed"), [((0, 0), True), ((12, -9), True), ((-20, 20), True), ((40, 0), False), ((0, -30), False)]
)
def test_landmarks_move_the_patch_as_far_as_they_can_be_right(tmp_path, away, followed):
    eyes = np.array([(171, 187), (277, 187)]) + away
    corners = np.repeat(eyes, 2, axis=0) + [(-19, 2), (19, -2), (-19, 1), (19, -1)]
    label = [0.1, 0.2, 0, 0, *corners.ravel(), 190, 300, 260, 300]
    write_face_file(tmp_path / "p00.mat", marked_face(eyes)[None], np.array([label]))
    (image,) = read(tmp_path).eyes.images
    for half in (image[:, :60], image[:, 60:]):
        cross = np.all(half[18, 22:39] == 255) and np.all(half[13:24, 30] == 255)
        assert cross == followed


def test_the_label_is_pitch_then_yaw_and_colours_are_blue_green_red(tmp_path):
    faces = np.zeros((1, 3, 448, 448), np.uint8)
    faces[:, 0, :, :171], faces[:, 2, :, 171:224] = 255, 255  # blue beside red: in grey, red is brighter
    write_face_file(tmp_path / "p03.mat", faces, np.array([[-0.2, 0.1]]))
    eyes = read(tmp_path).eyes
    assert eyes.gaze == pytest.approx(np.array([[0.1, -0.2]]))
    assert eyes.people == ("p03",)
    assert eyes.images[0, :, :30].max() < eyes.images[0, :, 30:60].min()


def test_faces_are_read_in_slices_not_all_at_once(tmp_path):
    with h5py.File(tmp_path / "p00.mat", "w") as mat:  # 1.8 GB of faces that are not stored
        mat.create_dataset("Data/data", (3000, 3, 448, 448), np.uint8, chunks=(50, 1, 448, 448), fillvalue=7)
        mat["Data/label"] = np.zeros((3000, 16))
    parts = mpiifacegaze.parts(tmp_path)
    assert sum(part.size for part in parts) == 3000
    assert {part.size for part in parts} == {100}  # whole chunks
    tracemalloc.start()
    reading = parts[-1].read(lambda done: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(reading.eyes) == 100
    assert peak < 60e6


def rewrite(**datasets):
    def spoil(file: Path) -> None:
        file.unlink()
        with h5py.File(file, "w") as mat:
            for name, values in datasets.items():
                mat[f"Data/{name}"] = values

    return spoil


FACES = np.zeros((2, 3, 448, 448), np.uint8)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-90_000]), "truncated file"),
        (lambda file: file.write_bytes(file.read_bytes()[:600]), "truncated file"),
        (lambda file: file.write_bytes(b"MATLAB 5.0 MAT-file" * 50), "signature not found"),
        (lambda file: file.write_bytes(b""), "signature"),
        (lambda file: (file.unlink(), file.mkdir()), "Is a directory"),
        (lambda file: (file.unlink(), file.symlink_to("nowhere")), "No such file"),
        (rewrite(data=FACES), "label"),
        (rewrite(data=FACES, label=np.zeros((3, 16))), "2 faces and 3 labels"),
        (rewrite(data=FACES, label=np.zeros((2, 1))), r"\(N, 2 or more\)"),
        (rewrite(data=FACES[:, :, :224], label=np.zeros((2, 16))), "224"),
        (rewrite(data=FACES[:0], label=np.zeros((0, 16))), "0 faces"),
    ],
)
def test_a_broken_person_is_skipped_and_listed_with_the_reason(root, spoil, words):
    spoil(root / "p00.mat")
    eyes, skipped = read(root)
    assert eyes.people == ("p01",)
    (entry,) = skipped
    assert entry.path == "p00.mat"
    assert re.search(words, entry.why), entry.why


def test_a_damaged_chunk_costs_its_faces_only(tmp_path):
    rng = np.random.default_rng(0)
    file = tmp_path / "p00.mat"
    with h5py.File(file, "w") as mat:
        faces = mat.create_dataset("Data/data", (4, 3, 448, 448), np.uint8, chunks=(2, 3, 448, 448), compression=1)
        faces[:] = rng.integers(0, 9, faces.shape)
        mat["Data/label"] = np.zeros((4, 16))
        where = faces.id.get_chunk_info(1)
    with open(file, "r+b") as damaged:
        damaged.seek(where.byte_offset + 1000)
        damaged.write(b"\xff" * 1000)
    step = mpiifacegaze.STEP
    try:
        mpiifacegaze.STEP = 2
        eyes, skipped = read(tmp_path)
    finally:
        mpiifacegaze.STEP = step
    assert len(eyes) == 2
    assert [entry.path for entry in skipped] == ["p00.mat: faces 2 to 3"]


def test_a_label_that_is_no_angle_is_skipped(tmp_path):
    write_face_file(
        tmp_path / "p00.mat", np.zeros((3, 3, 448, 448), np.uint8), np.array([[0, 0], [np.nan, 0], [-9, 12]])
    )
    eyes, skipped = read(tmp_path)
    assert len(eyes) == 1
    assert [entry.path for entry in skipped] == ["p00.mat: face 1", "p00.mat: face 2"]
