"""From a folder of any format to the cache: part by part, so that it can be stopped, and needs memory for a part alone.

Each part that has been read lies in the cache as a file of its own until all are there; then they become one file, and
go. So Ctrl-C, a kill or a power cut cost the part in work, and the next call goes on after the last one.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tqdm import tqdm

from gaze_examples.data import cache
from gaze_examples.data.eyes import DataError, Reading, concatenate
from gaze_examples.data.parts import Part


def convert(folder: Path, parts: list[Part], name: str, bar: tqdm) -> Reading:
    """All pairs of a data set: those cached under `name` if nothing of it has changed, else read now, and cached.

    bar: counts the units of the parts. Raises DataError where not one pair can be read, and KeyboardInterrupt, with a
    sentence, where it is stopped.
    """
    fingerprint = fingerprint_of(parts)
    reading = cache.load(name, fingerprint)
    if reading is not None:
        return reading
    kept = True  # until a part cannot be written; then no other is tried
    readings: list[Reading] = []
    done = 0
    try:
        for part in parts:
            place = f"{name}.parts/{part.name}"
            piece = cache.load(place, part.fingerprint)
            if piece is None:
                piece = part.read(bar.update)
                kept = kept and cache.save(piece, place, part.fingerprint)
            readings.append(piece)
            done += part.size
            bar.update(done - bar.n)  # what came from the cache, and lines that were no pairs
        reading = joined(folder, readings)
        if kept and cache.save(reading, name, fingerprint):
            cache.forget(f"{name}.parts")
            return cache.load(name, fingerprint) or reading
        return reading
    except KeyboardInterrupt:
        if kept and readings:
            raise KeyboardInterrupt(
                f"Stopped. What is converted so far is kept: {len(readings)} of {len(parts)} parts; the same command "
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
