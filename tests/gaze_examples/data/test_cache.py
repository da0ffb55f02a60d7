import json
import warnings

import numpy as np
import pytest
from safetensors.numpy import save_file

from gaze_examples.data import cache
from gaze_examples.data.eyes import Reading, Skipped


@pytest.fixture
def build(tmp_path, monkeypatch, make_eyes):
    """A builder that counts its calls, with a cache of its own."""
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))

    def build() -> Reading:
        build.calls += 1
        return Reading(make_eyes(known=build.known), [Skipped("Image/p00/left/9.jpg", "gone")])

    build.calls, build.known = 0, True
    return build


def cache_file():
    (file,) = cache.folder().iterdir()
    return file


@pytest.mark.parametrize("known", [False, True])
def test_a_cached_reading_is_the_one_that_was_built_and_is_built_once(build, known):
    build.known = known
    first, again = cache.cached("a", "1", build), cache.cached("a", "1", build)
    assert build.calls == 1
    expected = build()
    for reading in (first, again):
        assert reading.skipped == expected.skipped
        assert isinstance(reading.skipped[0], Skipped)
        assert (reading.eyes.people, reading.eyes.source) == (expected.eyes.people, expected.eyes.source)
        for column in ("images", *cache.COLUMNS):
            ours, theirs = getattr(reading.eyes, column), getattr(expected.eyes, column)
            assert (ours is None and theirs is None) or (np.array_equal(ours, theirs) and ours.dtype == theirs.dtype)


def test_images_are_mapped_not_loaded_and_parts_are_copies(build):
    images = cache.cached("a", "1", build).eyes.images
    assert isinstance(images.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    images[np.array([0, 1])][0] = 0


def test_another_fingerprint_or_name_is_built_anew_and_replaces_only_its_own_file(build):
    for name, fingerprint in (("a", "1"), ("a", "2"), ("b", "2"), ("a", "2")):
        cache.cached(name, fingerprint, build)
    assert build.calls == 3
    assert sorted(file.name for file in cache.folder().iterdir()) == ["a.safetensors", "b.safetensors"]


def test_a_reading_in_use_keeps_its_images_when_the_file_is_replaced(build, make_eyes):
    first = cache.cached("a", "1", build)
    cache.cached("a", "2", lambda: Reading(make_eyes(seed=1), []))
    assert np.array_equal(first.eyes.images, make_eyes().images)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(file.read_bytes()[:20]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\xff" * 100),
        lambda file: file.write_bytes(file.read_bytes() + b"\0"),
        lambda file: save_file({"images": np.zeros((1, 36, 120), np.uint8)}, file),
        lambda file: save_file({"images": np.zeros(3)}, file, {"minigrad": '{"format": 1, "fingerprint": "1"}'}),
        lambda file: save_file(
            {"images": np.zeros((1, 6, 6), np.uint8), "gaze": np.zeros((1, 2)), "person": np.zeros(1)},
            file,
            {"minigrad": json.dumps({"format": 1, "fingerprint": "1", "people": [], "source": "", "skipped": []})},
        ),
        lambda file: save_file({"weights": np.zeros(3)}, file, {"minigrad": '{"format": 1, "fingerprint": "1"}'}),
        lambda file: save_file({}, file, {"minigrad": "[]"}),
        lambda file: (file.unlink(), file.mkdir()),
    ],
)
def test_a_spoilt_or_foreign_cache_file_is_never_believed(build, spoil, make_eyes):
    cache.cached("a", "1", build)
    spoil(cache_file())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the file became a folder it cannot be replaced either
        reading = cache.cached("a", "1", build)
    assert build.calls == 2
    assert np.array_equal(reading.eyes.images, make_eyes().images)


def test_an_older_format_is_made_anew(build, monkeypatch):
    cache.cached("a", "1", build)
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    cache.cached("a", "1", build)
    assert build.calls == 2


def test_a_full_disk_costs_one_warning_and_leaves_no_file(build, monkeypatch):
    error = OSError(28, "No space left on device")

    def write_half(path, *_):
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(cache, "_write", write_half)
    with pytest.warns(UserWarning, match="could not be cached") as caught:
        reading = cache.cached("a", "1", build)
    assert len(caught) == 1
    assert len(reading.eyes) == 12
    assert list(cache.folder().iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_one_warning(build, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="MINIGRAD_CACHE"):
        assert len(cache.cached("a", "1", build).eyes) == 12


def test_an_interrupted_write_leaves_the_old_file_and_no_other(build, monkeypatch):
    cache.cached("a", "1", build)

    def interrupted(path, *_):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cache.cached("a", "2", build)
    cache.cached("a", "1", build)
    assert build.calls == 2
    assert cache_file().name == "a.safetensors"


def test_the_folder_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.delenv("MINIGRAD_CACHE", raising=False)
    assert cache.folder() == tmp_path / ".cache" / "minigrad" / "gaze"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == tmp_path / "xdg" / "minigrad" / "gaze"
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "ours"))
    assert cache.folder() == tmp_path / "ours" / "gaze"
