"""From a folder of any format to the cache: part by part, so that it can be stopped, and needs memory for a part alone.

Each part that has been read lies in the cache as a file of its own until all are there; then they become one file, and
go. So Ctrl-C, a kill or a power cut cost the part in work, and the next call goes on after the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from gaze_examples.data import cache
from gaze_examples.data.eyes import DataError, Reading, concatenate
from gaze_examples.data.parts import Part


def convert(folder: Path, parts: list[Part], name: str, new_bar: Callable[[], tqdm]) -> Reading:
    """All pairs of a data set: those cached under `name` if nothing of it has changed, else read now, and cached.

    new_bar: makes a bar that counts the parts' units, where there is something to read.
    Raises DataError where not one pair can be read, and KeyboardInterrupt, with a sentence, where it is stopped.
    """
    fingerprint = fingerprint_of(parts)
    reading = cache.load(name, fingerprint)
    if reading is not None:
        return reading
    room = True  # until a part cannot be written; then no other is tried
    pieces: list[_Piece] = []
    try:
        with new_bar() as bar:
            done = 0
            for part in parts:
                place = f"{name}.parts/{part.name}"
                reading = cache.load(place, part.fingerprint)
                if reading is None:
                    reading = part.read(bar.update)
                    room = room and cache.save(reading, place, part.fingerprint)
                pieces.append(_Piece.stored(reading, place, part.fingerprint) if room else _Piece.held(reading))
                done += part.size
                bar.update(done - bar.n)  # what came from the cache, and lines that were no pairs
        rest = joined(folder, [piece.rest for piece in pieces])
        if room and cache.save(rest, name, fingerprint, (piece.images() for piece in pieces)):
            reading = cache.load(name, fingerprint)
            if reading is not None:
                cache.forget(f"{name}.parts")
                return reading
        images = np.concatenate([piece.images() for piece in pieces])
        return Reading(replace(rest.eyes, images=images), rest.skipped)
    except KeyboardInterrupt:
        if room and pieces:
            raise KeyboardInterrupt(
                f"Stopped. What is converted so far is kept: {len(pieces)} of {len(parts)} parts; the same command "
                "goes on from there."
            ) from None
        raise


def joined(folder: Path, readings: list[Reading]) -> Reading:
    """All readings as one. Raises DataError where they have not one pair."""
    skipped = [entry for reading in readings for entry in reading.skipped]
    sets = [reading.eyes for reading in readings if len(reading.eyes)]
    if not sets:
        first = f"; the first: {skipped[0].path}: {skipped[0].why}" if skipped else ""
        raise DataError(f"Not one eye pair can be read in {folder}; {len(skipped)} files or lines were skipped{first}.")
    return Reading(concatenate(sets, sets[0].source), skipped)


def fingerprint_of(parts: list[Part]) -> str:
    """A text that changes when one of the parts does."""
    return sha256(repr([(part.name, part.size, part.fingerprint) for part in parts]).encode()).hexdigest()


class _Piece(NamedTuple):
    """A part that has been read: all but its images, which are nearly all of it, and what gives those."""

    rest: Reading
    images: Callable[[], np.ndarray]

    @classmethod
    def held(cls, reading: Reading) -> _Piece:
        images = reading.eyes.images
        return cls(Reading(replace(reading.eyes, images=images[:, :0, :0]), reading.skipped), lambda: images)

    @classmethod
    def stored(cls, reading: Reading, place: str, fingerprint: str) -> _Piece:
        # Images that lie in the cache are not even mapped: a system may allow only 256 open files.
        rest = replace(reading.eyes, images=np.empty((len(reading.eyes), 0, 0), np.uint8))
        return cls(Reading(rest, reading.skipped), partial(_stored_images, place, fingerprint))


def _stored_images(place: str, fingerprint: str) -> np.ndarray:
    reading = cache.load(place, fingerprint)
    if reading is None:
        raise DataError(f"{place} vanished from the cache meanwhile; the same command makes it again and goes on.")
    return reading.eyes.images
