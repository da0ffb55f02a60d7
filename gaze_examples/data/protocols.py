"""The protocols by name: which question a test answers, and so which people are held out.

    random                 how well are known people read? Everybody's pairs are divided at random, nobody is held out
    new-people             and people the network has never seen? Some are held out, a fifth unless told otherwise
    leave-one-person-out   the same, where everybody is held out once: as many networks as people

Without a name it is new-people, except that a set of one person is divided as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaze_examples.data.eyes import DataError, EyeSet
from gaze_examples.data.splits import HoldOut, names_of

RANDOM, NEW_PEOPLE, LEAVE_ONE_OUT = PROTOCOLS = ("random", "new-people", "leave-one-person-out")


def check_protocol(protocol: str | None, hold_out: HoldOut, order: str) -> None:
    """Raise DataError for a protocol that does not exist, or contradicts the other settings of the split."""
    nobody = hold_out is not None and hold_out in (0, [], ())
    if protocol is not None and protocol not in PROTOCOLS:
        raise DataError(f'The protocols are {", ".join(PROTOCOLS)}, not "{protocol}".')
    if protocol == RANDOM and not (hold_out is None or nobody):
        raise DataError("The protocol random holds nobody out; leave out --hold-out, or take the protocol new-people.")
    if protocol == RANDOM and order != "random":
        raise DataError(
            f"The protocol random divides the pairs at random, not {order}; leave out --split, or in place of the "
            f"protocol say --hold-out 0 --split {order}."
        )
    if protocol == NEW_PEOPLE and nobody:
        raise DataError("The protocol new-people needs somebody to hold out; leave out --hold-out, or name people.")
    if protocol == LEAVE_ONE_OUT and hold_out is not None:
        raise DataError("The protocol leave-one-person-out holds out everybody in turn; leave out --hold-out.")


def held_out(protocol: str | None, hold_out: HoldOut, eyes: EyeSet) -> HoldOut:
    """Whom `split` is to hold out under a protocol that gives one split."""
    if protocol == RANDOM:
        return 0
    if protocol == NEW_PEOPLE and hold_out is None:
        several(eyes, protocol)
    if protocol == LEAVE_ONE_OUT:
        raise DataError(
            "leave-one-person-out is a split for each person, and a network for each: gaze train does that."
        )
    return hold_out


def several(eyes: EyeSet, protocol: str) -> Sequence[str]:
    """The people's names in order. Raises DataError if there is only one."""
    names = names_of(eyes)
    if len(names) < 2:
        raise DataError(
            f"The protocol {protocol} needs at least two people, and here is only {names[0]}; take the protocol random."
        )
    return names
