import re
from pathlib import Path

import numpy as np
import pytest

from gaze_examples.data import convert, mpiigaze
from tests.gaze_examples.data.data_sets import direction, write_day, write_mpiigaze

DAY = "Data/Normalized/p00/day01.mat"


def read(root: Path):
    return convert.joined(root, [part.read(lambda done: None) for part in mpiigaze.parts(root)])


@pytest.fixture
def root(tmp_path, make_eyes) -> Path:
    """Two people, five pairs each, on two days."""
    write_mpiigaze(tmp_path / "Größe 7", make_eyes(people=2, per_person=5))
    return tmp_path / "Größe 7"


def evaluation(root: Path, person: str, *lines: str) -> None:
    (root / mpiigaze.LISTS).mkdir(parents=True, exist_ok=True)
    (root / mpiigaze.LISTS / f"{person}.txt").write_text("\n".join(lines) + "\n")


def test_every_pair_is_read_person_by_person_and_day_by_day(root, make_eyes):
    eyes, skipped = read(root)
    expected = make_eyes(people=2, per_person=5)
    assert skipped == []
    assert (eyes.people, eyes.person.tolist()) == (("p00", "p01"), [0] * 5 + [1] * 5)
    assert np.array_equal(eyes.images, expected.images)
    assert eyes.gaze == pytest.approx(expected.gaze, abs=1e-6)
    assert (eyes.gaze.dtype, eyes.person.dtype) == (np.float32, np.int16)


def test_their_left_eye_is_on_the_right_of_the_image_and_the_gaze_lies_midway(tmp_path):
    images = {"left": np.full((3, 36, 60), 200, np.uint8), "right": np.full((3, 36, 60), 50, np.uint8)}
    gaze = {"left": np.array([direction((0.3, -0.1))] * 3), "right": np.array([direction((0.1, -0.1))] * 3)}
    write_day(tmp_path / DAY, images, gaze)
    eyes, _ = read(tmp_path)
    assert np.all(eyes.images[:, :, :60] == 50)
    assert np.all(eyes.images[:, :, 60:] == 200)
    assert eyes.gaze == pytest.approx(np.array([[0.2, -0.1]] * 3), abs=1e-3)


def test_a_day_with_one_image_has_lost_its_first_axis(tmp_path, make_eyes):
    eyes = make_eyes(people=1, per_person=1)
    write_mpiigaze(tmp_path, eyes, days=1)
    assert np.array_equal(read(tmp_path).eyes.images, eyes.images)


def test_an_evaluation_list_chooses_images_each_once_in_its_order(root):
    whole = read(root).eyes
    evaluation(
        root, "p00", "day02/0002.jpg right", "day01/0003.jpg left", "day02/0002.jpg left", "day01/0001.jpg right"
    )
    eyes, skipped = read(root)
    assert skipped == []
    assert np.array_equal(eyes.images, whole.images[[2, 0, 4, 5, 6, 7, 8, 9]])  # all of p01, who has no list
    assert np.array_equal(eyes.gaze, whole.gaze[[2, 0, 4, 5, 6, 7, 8, 9]])


def test_what_a_list_names_in_vain_is_listed(root):
    evaluation(root, "p00", "day01/0001.jpg left", "day01/0099.jpg left", "day07/0001.jpg left", "rubbish")
    for person in ("p77", "p78", "p79"):
        evaluation(root, person, "day01/0001.jpg left")
    eyes, skipped = read(root)
    assert eyes.person.tolist() == [0] + [1] * 5
    lists = mpiigaze.LISTS.as_posix()
    assert [(path, why[:23]) for path, why in skipped] == [
        (f"{lists}/p00.txt:3", "there is no day07.mat o"),
        (f"{lists}/p00.txt:4", "expected a line such as"),
        (f"{DAY}: 0099.jpg", "listed for the evaluati"),
        *((f"{lists}/{person}.txt", "there is no such person") for person in ("p77", "p78", "p79")),
    ]


def cut(file: Path, share: float) -> None:
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])


def other_shape(file: Path) -> None:
    images = {side: np.zeros((2, 30, 60), np.uint8) for side in ("left", "right")}
    write_day(file, images, {side: np.ones((2, 3)) for side in images})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: cut(file, 0.5), "broken, or not what it should be: ."),
        (lambda file: cut(file, 0.01), "broken, or not"),
        (lambda file: file.write_bytes(b""), "truncated"),
        (lambda file: file.write_bytes(b"no matlab" * 99), "broken, or not"),
        (lambda file: (file.unlink(), file.mkdir()), "Is a directory"),
        (lambda file: (file.unlink(), file.symlink_to("nowhere")), "No such file"),
        (other_shape, r"36 x 60 .* but there are images \(2, 30, 60\)"),
    ],
)
def test_a_broken_day_is_skipped_and_listed_with_the_reason(root, spoil, words):
    spoil(root / DAY)
    eyes, skipped = read(root)
    assert len(eyes) == 7
    (entry,) = skipped
    assert entry.path == DAY
    assert entry.why and "\n" not in entry.why
    assert re.search(words, entry.why), entry.why


def test_a_day_that_may_not_be_read_is_listed_with_the_systems_words(root, monkeypatch):
    def refuse(file, mode):
        if file.name == "day01.mat":
            raise PermissionError(13, "Permission denied", str(file))
        return file.open(mode)

    monkeypatch.setattr(mpiigaze, "open", refuse, raising=False)
    assert [tuple(entry) for entry in read(root).skipped] == [
        (f"Data/Normalized/{person}/day01.mat", "Permission denied") for person in ("p00", "p01")
    ]


@pytest.mark.parametrize("gaze", [(np.nan, 0, -1), (0, 0, 0), (0, 0, 1), (30, 0, -90)])
def test_a_gaze_that_is_no_direction_is_skipped(tmp_path, gaze):
    images = {side: np.zeros((2, 36, 60), np.uint8) for side in ("left", "right")}
    good = np.array([[0, 0, -1.0], [0, 0, -1.0]])
    write_day(tmp_path / DAY, images, {"left": good, "right": np.array([good[0], gaze])})
    eyes, skipped = read(tmp_path)
    assert len(eyes) == 1
    assert [entry.path for entry in skipped] == [f"{DAY}: 0002.jpg"]


def test_a_person_without_days_is_listed(root):
    (root / "Data/Normalized/p05").mkdir()
    assert [entry.path for entry in read(root).skipped] == ["Data/Normalized/p05"]


def test_parts_change_with_their_files_and_their_list(root):
    seen = {convert.fingerprint_of(mpiigaze.parts(root))}
    evaluation(root, "p00", "day01/0001.jpg left")
    seen.add(convert.fingerprint_of(mpiigaze.parts(root)))
    (root / DAY).touch()
    seen.add(convert.fingerprint_of(mpiigaze.parts(root)))
    assert len(seen) == 3
