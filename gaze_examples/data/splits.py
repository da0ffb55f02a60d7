"""Who is trained on and who is tested: "same people" (train, val, test) and "new people" (new).

A network can know a person's eyes by heart, so two questions are kept apart: how well does it read people it was
trained on (val, test), and how well people it has never seen (new)?

Neighbours in a sequence of photographs may share a photograph or nearly do. A random split would then test on what was
trained on; `order="in-order"` gives training the first part of each person's sequence, testing the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaze_examples.data.eyes import DataError, EyeSet

ORDERS = ("random", "in-order")
HoldOut = int | Sequence[str] | None
"""Who is new: so many people, these people by name, or None, a fifth."""


@dataclass(frozen=True)
class Split:
    """The parts of an EyeSet, disjoint and together all of it; `new` is None if nobody was held out."""

    train: EyeSet
    val: EyeSet
    test: EyeSet
    new: EyeSet | None
    how: str

    def parts(self) -> dict[str, EyeSet]:
        """The parts by name, without an absent `new`."""
        named = {"train": self.train, "val": self.val, "test": self.test, "new": self.new}
        return {name: eyes for name, eyes in named.items() if eyes is not None}


def split(
    eyes: EyeSet,
    *,
    hold_out: HoldOut = None,
    order: str = "random",
    shares: Sequence[float] = (5, 1, 1),
    seed: int = 0,
) -> Split:
    """Split `eyes` by people, and the pairs of those who stay into train, val and test.

    hold_out: which people are new, by name, or how many, the last ones by name; by default one fifth, 0 if there is
        only one.
    order: "random" shuffles all pairs from `seed`, so that any stretch of a part is a fair sample of it; "in-order"
    cuts each person's sequence.
    shares: sizes of train, val and test as ratios of the whole; exact sizes are such ratios too.
    Raises DataError where a part would be empty.
    """
    check_settings(order, shares)
    if len(eyes) == 0:
        raise DataError("There is not one pair of eyes to divide; give a set with pairs.")
    names = names_of(eyes)
    new_names = _held_out(names, hold_out)
    is_new = np.isin(eyes.person, [eyes.people.index(name) for name in new_names])
    same = np.flatnonzero(~is_new)

    if order == "random":
        positions = _cut(np.random.default_rng(seed).permutation(same), shares)
        how = f"at random (seed {seed})"
    else:
        by_person = [_cut(same[eyes.person[same] == person], shares) for person in np.unique(eyes.person[same])]
        positions = [np.concatenate(pieces) for pieces in zip(*by_person, strict=True)]
        how = "in the order of each person's pairs"

    ratio = " : ".join(f"{share:g}" for share in shares)
    for name, part in zip(("train", "val", "test"), positions, strict=True):
        if len(part) == 0:
            raise DataError(
                f"The part {name} would be empty: {len(same)} pairs of {len(names) - len(new_names)} "
                f"people were to be divided {ratio}; give more pairs, hold out fewer or change the shares."
            )
    train, val, test = (eyes[part] for part in positions)
    new = eyes[np.flatnonzero(is_new)] if new_names else None
    held_out = f"new people: {_list(new_names)}" if new_names else "nobody held out"
    return Split(train, val, test, new, f"train : val : test = {ratio}, {how}; {held_out}")


def check_settings(order: str, shares: Sequence[float]) -> None:
    """Raise DataError for an order or shares that no set could be split by."""
    if order not in ORDERS:
        raise DataError(f'A split is "random" or "in-order", not "{order}".')
    if len(shares) != 3 or not all(0 < share < np.inf for share in shares):
        raise DataError(
            f"The shares are three positive numbers, for train, val and test, such as (5, 1, 1), not {tuple(shares)}."
        )


def names_of(eyes: EyeSet) -> list[str]:
    """The names of those who have pairs, in order."""
    return sorted(eyes.people[i] for i in np.unique(eyes.person))


def _held_out(names: list[str], hold_out: HoldOut) -> list[str]:
    if hold_out is None:
        hold_out = max(1, round(len(names) / 5)) if len(names) > 1 else 0
    if isinstance(hold_out, int):
        if not 0 <= hold_out < len(names):
            raise DataError(
                f"Cannot hold out {hold_out} of {len(names)} people: at least one must be left to train on, "
                f"so the number is 0 to {len(names) - 1}."
            )
        return names[len(names) - hold_out :]
    unknown = [name for name in hold_out if name not in names]
    if unknown:
        raise DataError(f"There is no person {unknown[0]!r} to hold out; the people are {', '.join(names)}.")
    if len(set(hold_out)) == len(names):
        raise DataError("Cannot hold out everybody: at least one person must be left to train on.")
    return [name for name in names if name in hold_out]


def _list(names: Sequence[str]) -> str:
    if len(names) <= 15:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} ... {names[-1]}, {len(names)} in all"


def _cut(sequence: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    """Three consecutive pieces of `sequence` in these shares; the largest remainders get what rounding leaves over."""
    ratios = np.asarray(shares, float) / max(shares)  # first, since the sum of huge shares is infinite
    exact = len(sequence) * ratios / ratios.sum()
    sizes = np.floor(exact).astype(int)
    left_over = len(sequence) - sizes.sum()
    sizes[np.argsort(sizes - exact, kind="stable")[:left_over]] += 1
    return np.split(sequence, np.cumsum(sizes)[:2])
