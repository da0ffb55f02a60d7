"""The façade, `gaze_examples.data.load`, on a stub renderer and on a small GazeHub folder."""

from dataclasses import replace

import numpy as np
import pytest

from gaze_examples.data import DataError, divide, gazehub, load, read, sources
from gaze_examples.data.contact_sheet import contact_sheet
from gaze_examples.data.quadrants import origin_of, quadrants


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def renderer(monkeypatch, make_eyes):
    """Stands in for the renderer, and small sizes; it lists what it was asked for."""
    from gaze_examples.data import synthetic

    calls = []

    def render(people, per_person, seed=0, *, workers=None, progress=None):
        calls.append((tuple(people), per_person, seed, workers))
        progress(len(people) * per_person)
        eyes = make_eyes(len(people), per_person, known=True, seed=seed)
        return replace(eyes, people=tuple(f"p{number:02d}" for number in people))

    monkeypatch.setattr(synthetic, "render", render)
    monkeypatch.setitem(sources.SIZES, "small", sources.Size(people=12, same=14, strangers=3, new=8))
    return calls


@pytest.fixture
def hub(tmp_path, make_eyes):
    gazehub.write(make_eyes(people=5, per_person=21), tmp_path / "set")
    return tmp_path / "set"


def test_synthetic_sizes_are_those_of_the_course():
    for name, train, part in (("small", 12_000, 2_400), ("full", 45_000, 9_000), ("crowd", 12_000, 2_400)):
        size = sources.SIZES[name]
        assert size.people * size.same == train + 2 * part
        assert size.strangers * size.new == part
        assert train * 7 == 5 * (train + 2 * part)


def test_synthetic_is_rendered_once_per_seed_and_holds_out_the_three_new_people(renderer):
    data, again = load(), load()
    assert renderer == [(tuple(range(12)), 14, 0, 1), ((12, 13, 14), 8, 0, 1)]  # one process: safe in any script
    load(seed=1, workers=None)
    assert renderer[2:] == [(tuple(range(12)), 14, 1, None), ((12, 13, 14), 8, 1, None)]
    parts = data.split.parts()
    assert {name: len(eyes) for name, eyes in parts.items()} == {"train": 120, "val": 24, "test": 24, "new": 24}
    assert {data.split.new.people[i] for i in data.split.new.person} == {"p12", "p13", "p14"}
    assert np.array_equal(parts["train"].images, again.split.train.images)


def test_synthetic_labels_are_the_screens_quadrants_and_its_words_say_synthetic(renderer):
    data = load()
    assert data.origin is None
    for name, eyes in data.split.parts().items():
        assert np.array_equal(data.labels[name], eyes.quadrant)
        assert data.labels[name].dtype == np.int64
        assert data.oracle_accuracy(name) == np.mean(eyes.oracle == eyes.quadrant)
    text = data.describe()
    assert text.startswith("Synthetic eyes")
    assert "says nothing about accuracy on photographs" in text
    assert f"{100 * data.oracle_accuracy('new'):.1f} %" in text


def test_synthetic_is_rendered_anew_when_the_renderers_code_changes(renderer, monkeypatch):
    load()
    monkeypatch.setattr(sources, "RENDERER", sources.RENDERER[:1])
    load()
    assert len(renderer) == 4


def test_synthetic_stays_synthetic_through_an_export(renderer, tmp_path):
    data = load()
    gazehub.write(read().eyes, tmp_path / "export")
    exported = load(tmp_path / "export")
    assert exported.describe() == data.describe()


def test_the_median_origin_is_learnt_from_the_training_part_only(hub):
    data = load(hub)
    assert data.origin == origin_of(data.split.train.gaze, "median")
    assert data.origin != origin_of(read(hub).eyes.gaze, "median")
    for name, eyes in data.split.parts().items():
        assert np.array_equal(data.labels[name], quadrants(eyes.gaze, data.origin))
        assert data.class_shares(name).sum() == pytest.approx(1)
        assert data.oracle_accuracy(name) is None
    assert data.class_shares("train")[:2].sum() == pytest.approx(0.5, abs=0.01)


def test_origin_may_be_given_in_degrees_or_as_the_command_lines_text(hub):
    assert load(hub, origin="1,-9").origin == load(hub, origin=(1, -9)).origin == pytest.approx(np.radians((1, -9)))
    assert divide(read(hub), hold_out=0, order="random", shares=(5, 1, 1), seed=0, origin="zero").origin == (0, 0)


def test_a_folder_is_read_once_until_a_file_changes_and_what_is_skipped_is_told_every_time(hub, monkeypatch):
    (hub / "Image" / "p00" / "left" / "1.jpg").write_bytes(b"broken")
    first = load(hub)
    assert [s.path for s in first.skipped] == ["Image/p00/left/1.jpg"]
    assert "Skipped: 1; the first: Image/p00/left/1.jpg" in first.describe()
    with monkeypatch.context() as patch:
        patch.setattr(gazehub, "_read_label_file", None)
        assert load(hub).skipped == first.skipped
    whole = (hub / "Image" / "p00" / "left" / "2.jpg").read_bytes()
    (hub / "Image" / "p00" / "left" / "1.jpg").write_bytes(whole)
    assert load(hub).skipped == []


def test_quadrants_far_from_balanced_are_told_and_one_without_images_is_refused(hub):
    with pytest.warns(UserWarning, match=r"far from balanced: .* down \w+, is right for \d\d % .* median") as told:
        data = load(hub, origin=(0, -1.5))
    shares = data.class_shares("train")
    assert 0 < shares.min() < 0.1 and f"{100 * shares.max():.0f} % of them" in str(told[0].message)
    with pytest.raises(DataError, match=r"No training image looks up right, up left, .*pitch 5\.0 degrees"):
        load(hub, origin=(0, 5))


def test_a_protocol_says_who_is_held_out(hub, tmp_path, make_eyes):
    assert load(hub, protocol="random").split.new is None
    by_default, new_people = load(hub), load(hub, protocol="new-people")
    assert by_default.split.how == new_people.split.how and new_people.split.how.endswith("new people: p04")
    assert load(hub, protocol="new-people", hold_out=["p01"]).split.how.endswith("new people: p01")
    gazehub.write(make_eyes(people=1, per_person=84), tmp_path / "one")
    assert load(tmp_path / "one").split.new is None
    for settings, words in (
        ({"protocol": "leave-two-out"}, 'not "leave-two-out"'),
        ({"protocol": "random", "hold_out": 1}, "holds nobody out"),
        ({"protocol": "random", "order": "in-order"}, "--hold-out 0 --split in-order"),
        ({"protocol": "new-people", "hold_out": 0}, "needs somebody"),
        ({"protocol": "new-people"}, "at least two people, and here is only p00"),
        ({"protocol": "leave-one-person-out"}, "gaze train does that"),
    ):
        with pytest.raises(DataError, match=words):
            load(tmp_path / "one", **settings)


def test_settings_that_make_no_sense_are_refused(renderer, hub):
    for settings, words in (
        ({"size": "huge"}, "small, full, crowd"),
        ({"origin": "zero"}, "leave the origin out"),
        ({"origin": "left"}, "YAW,PITCH"),
        ({"source": "no/such/folder"}, '"synthetic"'),
    ):
        with pytest.raises(DataError, match=words):
            load(**settings)


def test_without_opencv_one_sentence_names_the_extra_that_brings_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(DataError, match='its extra "gaze"'):
        load()


def test_no_progress_bar_is_drawn_where_stderr_is_no_terminal(hub, capfd):
    load(hub)
    assert capfd.readouterr().err == ""


def test_a_progress_bar_counts_every_pair_on_a_terminal(hub, monkeypatch, capsys):
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    load(hub)
    assert "105/105" in capsys.readouterr().err
    (hub / "SOURCE.txt").unlink()
    load(hub, progress=False)
    assert capsys.readouterr().err == ""


def test_the_bar_and_the_real_renderer_count_alike(monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sources.SIZES, "small", sources.Size(people=12, same=3, strangers=3, new=2))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    eyes, _ = read()
    assert len(eyes) == 42
    assert np.array_equal(np.bincount(eyes.person), [3] * 12 + [2] * 3)
    assert "42/42" in capsys.readouterr().err


def test_contact_sheet_shows_only_eyes_of_its_quadrant(tmp_path, make_eyes, monkeypatch):
    import cv2

    from gaze_examples.data import contact_sheet as module

    drawn = []
    block = module._block
    monkeypatch.setattr(module, "_block", lambda images, *size: drawn.append(images) or block(images, *size))
    eyes = make_eyes(people=2, per_person=20)
    labels = np.repeat([0, 1, 3], [2, 18, 20])
    contact_sheet(eyes, labels, tmp_path / "sheet.png", rows=2, columns=3)
    assert module.LAYOUT == (1, 0, 3, 2)  # the names of the quadrants say left and right
    assert [len(images) for images in drawn] == [6, 2, 6, 0]
    for label, images in zip(module.LAYOUT, drawn, strict=True):
        assert all((image == eyes.images[labels == label]).all(axis=(1, 2)).any() for image in images)
    assert cv2.imread(str(tmp_path / "sheet.png")).std() > 10
    with pytest.raises(DataError, match="Could not write"):
        contact_sheet(eyes, labels, tmp_path / "absent" / "sheet.png")


def test_a_folder_that_breaks_the_reader_is_refused_in_a_sentence(hub):
    label_file = hub / "Label" / "p01.label"
    label_file.unlink()
    label_file.mkdir()
    with pytest.raises(DataError, match=r"cannot be read .*p01\.label"):
        read(hub, progress=False)


def test_a_contact_sheet_takes_its_title_as_it_stands(tmp_path, make_eyes):
    eyes = replace(make_eyes(), source="Costs $x^{$ a pair.")
    contact_sheet(eyes, np.zeros(len(eyes), int), tmp_path / "sheet.png")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
