"""Between what do the whole numbers of an array lie? What ops ask of labels and indices, which must be in range.

On the host one looks. On a device the answer is a number that the host waits for, until the device has done all that it
was given before, and a training step that asks would wait each time. So labels are looked at on their way to the
device, while they are on the host, and what was seen is remembered as long as their memory lives and nobody changes it.
An op that only moves numbers, or finds places along an axis, says what its result lies between. Where nothing is known,
the device is asked once. What holds for memory holds for every view of it. Memory that another library has, too, may
change without a word, so nothing is remembered of it.
"""

from __future__ import annotations

import math
import sys
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

_HOST_TYPES = (np.ndarray, np.generic)


@dataclass(frozen=True)
class Range:
    """Every element lies in lowest..highest (where nothing lies, if the lowest is higher), or is one of `others`.

    There are others since labels may be -100 or 255 where an example is not to be counted.
    """

    lowest: float = math.inf
    highest: float = -math.inf
    others: frozenset[int] = frozenset()

    def is_within(self, lowest: int, highest: int, but: int | None = None) -> bool:
        """Whether all elements lie in lowest..highest, those that are `but` apart."""
        others = all(lowest <= number <= highest or number == but for number in self.others)
        return others and lowest <= self.lowest and self.highest <= highest

    def together(self, other: Range) -> Range:
        return Range(min(self.lowest, other.lowest), max(self.highest, other.highest), self.others | other.others)


_OF_DTYPE = {"bool": Range(0, 1), "uint8": Range(0, 255)}

_known: dict[int, tuple[weakref.ref, Range]] = {}  # by the id of the array that owns the memory
_shared: dict[int, weakref.ref] = {}  # by the same id, those whose memory another library has, too


def all_within(array: Any, length: int, but: int | None = None) -> bool:
    """Whether all elements of an array of whole numbers lie in 0..length - 1, those that are `but` apart."""
    if surely_within(array, length, but):
        return True
    if isinstance(array, _HOST_TYPES):
        outside = np.less(array, 0) | np.greater_equal(array, length)
        return but is not None and not np.any(outside & np.not_equal(array, but))
    owner = _owner(array)
    if _is_trusted(array) and (owner is array or id(owner) not in _known):
        _note(owner, _seen(owner))
        if owner is array or surely_within(array, length, but):
            return surely_within(array, length, but)
    return _seen(array).is_within(0, length - 1, but)


def surely_within(array: Any, length: int, but: int | None = None) -> bool:
    """The same, but False where a device would have to be asked."""
    if array.size == 0:
        return True
    if isinstance(array, _HOST_TYPES):
        return bool(array.min() >= 0 and array.max() < length)
    known = _range_of(array)
    return known is not None and known.is_within(0, length - 1, but)


def remember(array: Any, *origins: Any) -> None:
    """`array` was just made, and each of its elements comes from one of `origins`, which are arrays and numbers."""
    if isinstance(array, _HOST_TYPES) or array.dtype.kind not in "iu" or array.base is not None or not array.size:
        return
    known = Range()
    for origin in origins:
        of_origin = _range_of(origin)
        if of_origin is None:
            return
        known = known.together(of_origin)
    limits = np.iinfo(array.dtype)
    if known.is_within(limits.min, limits.max):  # else they have become other numbers
        _note(array, known)


def remember_places(array: Any, length: int) -> None:
    """`array` was just made, and holds places along an axis of that length."""
    if not isinstance(array, _HOST_TYPES):
        _note(_owner(array), Range(0, length - 1))


def forget(owner: Any) -> None:
    """The memory that `owner` owns has been changed."""
    _known.pop(id(owner), None)


def known_elsewhere(array: Any) -> None:
    """Another library has the memory of `array` from now on, too."""
    if not isinstance(array, _HOST_TYPES):
        owner, forget_it = _owner(array), _shared.pop
        key = id(owner)
        _shared[key] = weakref.ref(owner, lambda _: forget_it(key, None))
        forget(owner)


def _owner(array: Any) -> Any:
    """The array that a device's view looks into."""
    return array if array.base is None else array.base


def _is_trusted(array: Any) -> bool:
    """Whether what is known of its memory holds for a device's array: as another dtype, a view reads other numbers."""
    owner = _owner(array)
    return owner.dtype == array.dtype and id(owner) not in _shared


def _range_of(origin: Any) -> Range | None:
    """What is known without asking a device. Bytes on the host with several axes are pictures as a rule: no look."""
    if isinstance(origin, int):
        return Range(others=frozenset([origin]))
    if isinstance(origin, _HOST_TYPES):
        is_looked_at = origin.dtype.kind in "iu" and (origin.itemsize > 1 or origin.ndim < 2)
        if is_looked_at:
            return _seen(origin) if origin.size else Range()
    elif _is_trusted(origin) and id(_owner(origin)) in _known:
        return _known[id(_owner(origin))][1]
    return _OF_DTYPE.get(origin.dtype.name)


def _seen(array: Any) -> Range:
    """What lies in an array, from a device in one transfer: the lowest and the highest number are the others.

    The host does not look twice where no number can stand for "not counted".
    """
    xp = np if isinstance(array, _HOST_TYPES) else sys.modules["cupy"]
    lowest, highest = array.min(), array.max()
    if xp is np and lowest >= 0 and highest < 255:
        return Range(int(lowest), int(highest))
    second = xp.where(array == lowest, highest, array).min()
    last_but_one = xp.where(array == highest, lowest, array).max()
    found = [lowest, highest, second, last_but_one]
    *ends, second, last_but_one = map(int, found) if xp is np else xp.stack(found).tolist()
    others = frozenset(ends)
    return Range(second, last_but_one, others) if len(others) == 2 and second <= last_but_one else Range(others=others)


def _note(owner: Any, known: Range) -> None:
    key = id(owner)
    _known[key] = weakref.ref(owner, lambda _: _known.pop(key, None)), known
