import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from gaze_examples.data import convert, gazehub, image_files
from gaze_examples.data.eyes import DataError


@pytest.fixture
def hub(tmp_path, make_eyes) -> Path:
    """A folder in GazeHub's layout: three people, four pairs each."""
    gazehub.write(make_eyes(), tmp_path / "Größe 7" / "MPIIFaceGaze")
    return tmp_path / "Größe 7" / "MPIIFaceGaze"


def read(folder: Path, progress=lambda done: None):
    return convert.joined(folder, [part.read(progress) for part in gazehub.parts(folder)])


def fingerprint(folder: Path) -> str:
    return convert.fingerprint_of(gazehub.parts(folder))


def edit(label_file: Path, change) -> None:
    """Change the lines (lists of fields) of a label file."""
    lines = [line.split() for line in label_file.read_text().splitlines()]
    label_file.write_text("\n".join(" ".join(line) for line in change(lines)) + "\n")


@pytest.mark.parametrize("known", [False, True])
def test_what_is_written_reads_back_the_same_up_to_jpeg(tmp_path, make_eyes, known):
    eyes = make_eyes(people=3, per_person=5, known=known)
    done = []
    gazehub.write(eyes, tmp_path / "set", progress=done.append)
    assert sum(done) == sum(part.size for part in gazehub.parts(tmp_path / "set")) == 15
    back, skipped = read(tmp_path / "set", progress=done.append)
    assert sum(done) == 30
    assert skipped == []
    assert np.abs(back.images.astype(int) - eyes.images).max() <= 3
    assert (back.people, back.source) == (eyes.people, eyes.source)
    for column in ("gaze", "person", "quadrant", "oracle"):
        ours, theirs = getattr(back, column), getattr(eyes, column)
        assert (ours is None and theirs is None) or (np.array_equal(ours, theirs) and ours.dtype == theirs.dtype)


def test_interleaved_people_are_written_person_by_person(tmp_path, make_eyes):
    eyes = make_eyes()[np.random.default_rng(0).permutation(12)]
    gazehub.write(eyes, tmp_path / "set")
    by_person = eyes[np.argsort(eyes.person, kind="stable")]
    assert np.array_equal(read(tmp_path / "set").eyes.gaze, by_person.gaze)


def test_written_labels_are_gazehubs_columns_with_a_3d_gaze_that_fits_the_2d(hub, make_eyes):
    header, first, *_ = (hub / "Label" / "p01.label").read_text().splitlines()
    assert header == "Face Left Right Origin WhichEye 3DGaze 3DHead 2DGaze 2DHead Rmat Smat GazeOrigin"
    cell = dict(zip(header.split(), first.split(), strict=True))
    x, y, z = map(float, cell["3DGaze"].split(","))
    assert (np.arctan2(-x, -z), np.arcsin(-y)) == pytest.approx(tuple(make_eyes().gaze[4]), abs=1e-6)
    assert (cell["Face"], cell["Right"], cell["Origin"]) == ("p01/face/1.jpg", "p01/right/1.jpg", "p01/sample/1.jpg")
    assert len(cell["Rmat"].split(",")) == 9
    assert not (hub / "Image" / "p01" / "face").exists()


def test_columns_are_found_by_name_and_paths_may_have_backslashes(hub):
    before = read(hub).eyes
    for file in (hub / "Label").iterdir():
        edit(file, lambda lines: [[*line[1:8], line[0], *line[8:]] for line in lines])
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"/", b"\\").replace(b"\n", b"\r\n"))
    after = read(hub)
    assert after.skipped == []
    assert np.array_equal(after.eyes.images, before.images)
    assert np.array_equal(after.eyes.gaze, before.gaze)


def test_left_column_is_the_left_half_and_colour_files_are_read_as_grey(hub):
    patch = np.zeros((36, 60, 3), np.uint8)
    cv2.imencode(".png", patch + 200)[1].tofile(hub / "Image" / "p00" / "left" / "1.jpg")
    cv2.imencode(".jpg", patch + 50)[1].tofile(hub / "Image" / "p00" / "right" / "1.jpg")
    image = read(hub).eyes.images[0]
    assert np.all(image[:, :60] == 200)
    assert np.all(image[:, 60:] == 50)


@pytest.mark.parametrize("workers", [1, 4])
def test_unreadable_images_are_skipped_and_listed_and_the_rest_keeps_its_labels(hub, monkeypatch, workers):
    monkeypatch.setattr(image_files, "CHUNK", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: workers)
    before = read(hub).eyes
    left = hub / "Image" / "p01" / "left"
    (left / "1.jpg").unlink()
    whole = (left / "2.jpg").read_bytes()
    (left / "2.jpg").write_bytes(whole[:-2])
    (hub / "Image" / "p01" / "right" / "3.jpg").write_bytes(b"")
    cv2.imencode(".jpg", np.zeros((36, 120), np.uint8))[1].tofile(hub / "Image" / "p02" / "left" / "4.jpg")
    eyes, skipped = read(hub)
    assert [path for path, _ in skipped] == [
        "Image/p01/left/1.jpg",
        "Image/p01/left/2.jpg",
        "Image/p01/right/3.jpg",
        "Image/p02/left/4.jpg",
    ]
    for (_, why), words in zip(skipped, ("No such file", "cut short", "not an image", "36 x 120"), strict=True):
        assert words in why
    kept = np.setdiff1d(np.arange(12), (4, 5, 6, 11))
    for column in ("images", "gaze", "person"):
        assert np.array_equal(getattr(eyes, column), getattr(before, column)[kept])


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("2DGaze", "0.1", "two numbers"),
        ("2DGaze", "a,b", "two numbers"),
        ("2DGaze", "nan,0", "radians"),
        ("2DGaze", "12.0,-9.0", "radians"),
        ("Quadrant", "4", "0, 1, 2 or 3"),
        ("Oracle", "-", "0, 1, 2 or 3"),
        ("Face", "two fields", "expected 14 fields"),
    ],
)
def test_malformed_lines_are_skipped_and_listed_with_their_number(tmp_path, make_eyes, field, text, words):
    gazehub.write(make_eyes(known=True), tmp_path / "set")

    def spoil(lines):
        lines[3][lines[0].index(field)] = text
        return [*lines[:2], [], *lines[2:]]

    edit(tmp_path / "set" / "Label" / "p00.label", spoil)
    eyes, skipped = read(tmp_path / "set")
    assert [s.path for s in skipped] == ["Label/p00.label:5"]
    assert words in skipped[0].why
    assert len(eyes) == 11


def test_quadrants_are_taken_only_if_every_file_has_them(tmp_path, make_eyes):
    gazehub.write(make_eyes(known=True), tmp_path / "set")
    edit(tmp_path / "set" / "Label" / "p02.label", lambda lines: [line[:-1] for line in lines])
    eyes = read(tmp_path / "set").eyes
    assert eyes.oracle is None
    assert np.array_equal(eyes.quadrant, make_eyes(known=True).quadrant)


def rename(old, new):
    return lambda hub: (hub / old).rename(hub / new)


def remove_images(hub):
    for file in (hub / "Image" / "p01" / "left").iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (rename("Label", "../gone"), "has no Label, only Image"),
        (rename("Label", "label"), "spelled label; rename it to Label"),
        (rename("Label/p01.label", "p01.label"), "p01 has images .* but no label file"),
        (remove_images, "Not one pair of Label/p01.label can be read; the first: Image/p01/left/1.jpg: No such file"),
        (lambda hub: (hub / "Label/p00.label").write_text(""), "must name the columns Left, Right, 2DGaze"),
        (lambda hub: edit(hub / "Label/p00.label", lambda lines: lines[1:]), "must name the columns Left"),
        (lambda hub: edit(hub / "Label/p00.label", lambda lines: lines[:1]), "Not one pair of Label/p00.label .* none"),
        (lambda hub: [file.unlink() for file in (hub / "Label").iterdir()], "there are none in"),
    ],
)
def test_what_is_no_gazehub_folder_is_refused_in_a_sentence_that_helps(hub, spoil, words):
    spoil(hub)
    with pytest.raises(DataError, match=words) as error:
        read(hub)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_fingerprint_sees_every_kind_of_change(hub):
    seen = {fingerprint(hub)}
    image = hub / "Image" / "p00" / "left" / "1.jpg"
    label = hub / "Label" / "p00.label"

    def grow_within_a_clock_tick():
        before = image.stat().st_mtime_ns
        image.write_bytes(image.read_bytes() + b"\0")
        os.utime(image, ns=(before, before))

    changes = [
        lambda: os.utime(image, ns=(1, 1)),
        grow_within_a_clock_tick,
        lambda: image.rename(image.with_name("9.jpg")),
        lambda: os.utime(label, ns=(1, 1)),
        lambda: label.write_bytes(label.read_bytes() + b"\n"),
        lambda: (hub / "SOURCE.txt").unlink(),
    ]
    assert fingerprint(hub) in seen
    for number, change in enumerate(changes, start=2):
        change()
        seen.add(fingerprint(hub))
        assert len(seen) == number


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("No space left on device")])
def test_an_interrupted_export_leaves_nothing(tmp_path, make_eyes, error):
    def interrupt(done):
        raise error

    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else DataError):
        gazehub.write(make_eyes(), tmp_path / "new" / "deep" / "set", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_export_refuses_a_folder_in_use_and_fills_an_empty_one(tmp_path, make_eyes):
    (tmp_path / "mine.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(DataError, match="not an empty folder"):
            gazehub.write(make_eyes(), path)
    (tmp_path / "empty").mkdir()
    gazehub.write(make_eyes(), tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine.txt"]
    assert len(read(tmp_path / "empty").eyes) == 12


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "a\\b"])
def test_export_refuses_names_that_cannot_be_files(tmp_path, make_eyes, name):
    from dataclasses import replace

    with pytest.raises(DataError, match="cannot be one"):
        gazehub.write(replace(make_eyes(people=1), people=(name,)), tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_a_source_sentence_becomes_one_line_whatever_its_bytes(hub):
    (hub / "SOURCE.txt").write_bytes(b"\xef\xbb\xbfEyes \xff of\r\n  nobody.\n")
    assert read(hub).eyes.source == "Eyes \ufffd of nobody."


def test_an_empty_source_sentence_is_as_good_as_none(hub):
    (hub / "SOURCE.txt").write_text("\n")
    assert read(hub).eyes.source.endswith("read from the folder MPIIFaceGaze.")


def test_links_to_nowhere_and_folders_among_the_images_do_not_disturb_a_fingerprint(hub):
    before = fingerprint(hub)
    (hub / "Image" / "p00" / "left" / "gone.jpg").symlink_to("nowhere")
    (hub / "Image" / "p00" / "left" / "folder").mkdir()
    assert len(fingerprint(hub)) == len(before)
