"""A conversion that can be stopped at any point, and only ever costs the part in work."""

import io
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from gaze_examples.data import cache, convert
from gaze_examples.data.eyes import DataError, EyeSet, Reading, Skipped
from gaze_examples.data.parts import Part

FULL = OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))


class Source:
    """Four parts of four pairs; it lists which were read, and stops before the one that it is told."""

    def __init__(self, make_eyes):
        eyes = make_eyes(people=2, per_person=8)
        self.pieces = [eyes[4 * i : 4 * i + 4] for i in range(4)]
        self.pieces = [
            replace(piece, person=np.zeros(4, np.int16), people=(f"p{i // 2:02}",))
            for i, piece in enumerate(self.pieces)
        ]
        self.whole, self.read, self.stop_before, self.versions = eyes, [], None, [1, 1, 1, 1]
        self.screen = io.StringIO()

    def parts(self) -> list[Part]:
        return [
            Part(f"part{i}", 4, str(self.versions[i]), lambda progress, i=i: self._read(i, progress)) for i in range(4)
        ]

    def _read(self, i, progress) -> Reading:
        if i == self.stop_before:
            raise KeyboardInterrupt
        self.read.append(i)
        progress(3)  # a line was no pair
        return Reading(self.pieces[i], [Skipped(f"file{i}", "broken")])

    def convert(self) -> Reading:
        return convert.convert(Path("set"), self.parts(), "set", self.bar)

    def bar(self) -> tqdm:
        return tqdm(total=16, file=self.screen)

    def is_whole(self, reading: Reading) -> bool:
        return (
            np.array_equal(reading.eyes.images, self.whole.images)
            and np.array_equal(reading.eyes.gaze, self.whole.gaze)
            and np.array_equal(reading.eyes.person, self.whole.person)
            and [path for path, _ in reading.skipped] == ["file0", "file1", "file2", "file3"]
        )


@pytest.fixture
def source(make_eyes) -> Source:
    return Source(make_eyes)


def files() -> list[str]:
    return sorted(str(path.relative_to(cache.folder())) for path in cache.folder().rglob("*") if path.is_file())


def test_parts_become_one_file_that_is_read_from_then_on(source):
    first, again = source.convert(), source.convert()
    assert source.read == [0, 1, 2, 3]
    assert source.is_whole(first) and source.is_whole(again)
    assert isinstance(first.eyes.images.base, np.memmap)
    assert files() == ["set.safetensors"]


def test_after_ctrl_c_the_next_run_goes_on_where_it_was(source):
    source.stop_before = 2
    with pytest.raises(KeyboardInterrupt, match=r"kept: 2 of 4 parts; the same command goes on"):
        source.convert()
    assert files() == ["set.parts/part0.safetensors", "set.parts/part1.safetensors"]
    source.stop_before = None
    assert source.is_whole(source.convert())
    assert source.read == [0, 1, 2, 3]
    assert files() == ["set.safetensors"]


def test_a_part_that_changed_meanwhile_or_is_damaged_is_read_again(source):
    source.stop_before = 3
    with pytest.raises(KeyboardInterrupt):
        source.convert()
    source.stop_before, source.versions[1] = None, 2
    half = cache.folder() / "set.parts" / "part2.safetensors"
    half.write_bytes(half.read_bytes()[:-7])
    assert source.is_whole(source.convert())
    assert source.read == [0, 1, 2, 1, 2, 3]


def test_a_data_set_that_changed_is_converted_anew(source):
    source.convert()
    source.versions[3] = 2
    assert source.is_whole(source.convert())
    assert source.read == [0, 1, 2, 3, 0, 1, 2, 3]


def test_the_bar_ends_at_its_total_also_when_parts_come_from_the_cache_and_is_not_there_for_the_whole(source):
    source.stop_before = 2
    with pytest.raises(KeyboardInterrupt):
        source.convert()
    source.stop_before = None
    source.screen = io.StringIO()
    source.convert()
    assert "16/16" in source.screen.getvalue()
    source.screen = io.StringIO()
    source.convert()
    assert source.screen.getvalue() == ""


def save_until(full_after: int, monkeypatch):
    """A disk with room for so many files."""
    saved, write = [], cache._write

    def write_if_there_is_room(path, *what):
        if len(saved) == full_after:
            path.write_bytes(b"half")
            raise FULL
        saved.append(path)
        write(path, *what)

    monkeypatch.setattr(cache, "_write", write_if_there_is_room)


@pytest.mark.parametrize("room", [0, 2, 4])  # for no part, for some, for all but not for the whole
def test_a_full_disk_costs_one_warning_and_what_was_kept_is_used_when_there_is_room(source, room, monkeypatch):
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="No space left on device") as caught:
        save_until(room, patch)
        assert source.is_whole(source.convert())
    assert len(caught) == 1
    assert files() == [f"set.parts/part{i}.safetensors" for i in range(room)]
    assert source.is_whole(source.convert())
    assert source.read == [0, 1, 2, 3, *range(room, 4)]
    assert files() == ["set.safetensors"]


def test_ctrl_c_on_a_full_disk_does_not_promise_what_was_not_kept(source, monkeypatch):
    source.stop_before = 2
    save_until(0, monkeypatch)
    with warnings.catch_warnings(), pytest.raises(KeyboardInterrupt) as stop:
        warnings.simplefilter("ignore")
        source.convert()
    assert str(stop.value) == ""


def test_parts_without_a_pair_are_kept_too(source):
    source.pieces[1] = EyeSet.empty("")
    source.stop_before = 3
    with pytest.raises(KeyboardInterrupt):
        source.convert()
    source.stop_before = None
    assert len(source.convert().eyes) == 12
    assert source.read == [0, 1, 2, 3]


def test_nothing_but_skipped_files_is_an_error_and_no_cache(source):
    source.pieces = [EyeSet.empty("")] * 4
    with pytest.raises(DataError, match=r"Not one eye pair can be read in set; 4 files .*the first: file0: broken"):
        source.convert()
    assert "set.safetensors" not in files()


KILLED = """
import sys, time
from gaze_examples.data import gazehub, sources
real = gazehub._read_person
def slow(root, label_file, progress):
    if label_file.stem == "p02":
        print("at p02", flush=True)
        time.sleep(60)
    return real(root, label_file, progress)
gazehub._read_person = slow
sources.read(sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_after_a_kill_the_next_run_goes_on_where_it_was(tmp_path, make_eyes):
    from gaze_examples.data import gazehub, read

    gazehub.write(make_eyes(people=3), tmp_path / "eyes")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    words = [sys.executable, "-c", KILLED, str(tmp_path / "eyes")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout.readline() == "at p02\n"
        run.send_signal(signal.SIGKILL)
    (parts,) = (path for path in cache.folder().iterdir())
    assert sorted(path.name for path in parts.iterdir()) == ["p00.safetensors", "p01.safetensors"]
    before = time.time_ns()
    assert len(read(tmp_path / "eyes").eyes) == 12
    (whole,) = cache.folder().iterdir()
    assert whole.suffix == ".safetensors" and whole.stat().st_mtime_ns >= before - 10**9
