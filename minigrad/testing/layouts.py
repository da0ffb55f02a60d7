"""The same call on arrays that lie otherwise in memory, or may not be written into, must give the same gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.testing.examination import Examination
from minigrad.testing.judge import largest
from minigrad.testing.report import WRONG
from minigrad.testing.slopes import quiet
from minigrad.testing.subjects import Subject


def other_layouts(subject: Subject, result: Examination, changed: str) -> tuple[str, tuple[str, ...]]:
    """The same call with arrays that are read-only, that do not lie in one piece, and that lie column by column in
    memory, as a transposed one does: (a complaint, notes). A gradient that is another one there is marked as wrong.

    changed: the complaint that there is already, "" for none. What writes is not asked again whether it does.
    """
    case, upstream = result.case, result.upstream
    for layout, change in (("read-only", _locked), ("non-contiguous", _strided), ("transposed", _transposed)):
        if changed and layout == "read-only":
            continue
        try:
            _, backward = quiet(subject.run, case.copied().each(change))
            found = quiet(backward, tuple(None if one is None else change(one) for one in upstream))
        except Exception as error:
            if "read-only" in str(error):
                return f"it writes into what it is given ({error}); work on a copy", ()
            return "", (f"not checked with {layout} arrays: {type(error).__name__}: {error}",)
        for place, one in result.gradients.items():
            other = np.asarray(found[place], np.float64)
            assert one.analytic is not None
            size = max(1.0, largest(one.analytic))
            loose = 1e-9 if case.at(place).dtype == np.float64 else 1e-3
            if other.shape != case.at(place).shape or not np.allclose(
                other, one.analytic, rtol=loose, atol=loose * size, equal_nan=True
            ):
                text = f"with {layout} arrays the gradient is another one; a reshape or ravel() may be a copy there"
                one.report = replace(one.report, verdict=WRONG, cause="memory-layout", detail=text)
    return "", ()


def _locked(array: Any) -> Any:
    array = np.array(array)
    array.flags.writeable = False
    return array


def _strided(array: Any) -> Any:
    """The same values, every second element of a larger array."""
    room = np.zeros([2 * n for n in np.shape(array)], np.asarray(array).dtype)
    room[tuple(slice(None, None, 2) for _ in np.shape(array))] = array
    return room[tuple(slice(None, None, 2) for _ in np.shape(array))]


def _transposed(array: Any) -> Any:
    """The same values, column by column."""
    return np.array(array, order="F")
