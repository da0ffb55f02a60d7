"""Between what do the whole numbers of an array lie? What ops ask of labels and indices, which must be in range.

On the host one looks. On a device the answer is a number that the host waits for, until the device has done all that it
was given before, and a training step that asks would wait each time. So labels are looked at on their way to the
device, while they are on the host, and what was seen is remembered as long as their memory lives and nobody changes it.
Where nothing is known, the device is asked once. What holds for memory holds for every view of it. Memory that another
library has, too, may change without a word, so nothing is remembered of it.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np

_HOST_TYPES = (np.ndarray, np.generic)

_known: dict[int, tuple[weakref.ref, int, int]] = {}  # lowest and highest, by the id of the array that owns the memory
_shared: dict[int, weakref.ref] = {}  # by the same id, those whose memory another library has, too


def all_within(array: Any, length: int) -> bool:
    """Whether all elements of an array of whole numbers lie in 0..length - 1."""
    if array.size == 0:
        return True
    if isinstance(array, _HOST_TYPES):
        return bool(array.min() >= 0 and array.max() < length)
    owner = _owner(array)
    if owner.dtype == array.dtype and id(owner) not in _shared:  # of another dtype the view reads other numbers
        if id(owner) not in _known:
            _note(owner, *_asked(owner))
        _, lowest, highest = _known[id(owner)]
        if owner is array or (lowest >= 0 and highest < length):
            return lowest >= 0 and highest < length
    lowest, highest = _asked(array)
    return lowest >= 0 and highest < length


def remember(array: Any, origin: Any) -> None:
    """All elements of `array` have just been copied from `origin`, the host's or a device's, perhaps as another dtype.

    Bytes from the host are not looked through: many of them are a picture as a rule.
    """
    if isinstance(array, _HOST_TYPES) or array.dtype.kind not in "iu" or array.base is not None:
        return
    if isinstance(origin, _HOST_TYPES):
        if origin.size and origin.itemsize > 1:
            _note(array, int(origin.min()), int(origin.max()))
        return
    owner = _owner(origin)
    if owner.dtype == origin.dtype and id(owner) in _known:
        _, lowest, highest = _known[id(owner)]
        if np.iinfo(array.dtype).min <= lowest and highest <= np.iinfo(array.dtype).max:
            _note(array, lowest, highest)


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


def _asked(array: Any) -> list[int]:
    """The lowest and the highest number, from the device in one transfer."""
    return sys.modules["cupy"].stack([array.min(), array.max()]).tolist()


def _note(owner: Any, lowest: int, highest: int) -> None:
    key = id(owner)
    _known[key] = weakref.ref(owner, lambda _: _known.pop(key, None)), lowest, highest
