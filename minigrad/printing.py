"""How tensors are printed, which `set_printoptions` changes, with PyTorch's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 100, "edgeitems": 3, "linewidth": 75, "sci_mode": None},
    "short": {"precision": 2, "threshold": 100, "edgeitems": 2, "linewidth": 75, "sci_mode": None},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 75, "sci_mode": None},
}
_options = dict(PROFILES["default"])


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """How tensors are printed from now on. What is None stays as it is, but for sci_mode.

    precision: digits behind the point, 4 at first. threshold: with more elements than these, 100 at first, only
        `edgeitems` at both ends of each axis are shown, 3 at first. linewidth: characters in a line, 75 at first.
    profile: "default", "short", or "full", which shows all elements; the other arguments go before it.
    sci_mode: whether floats are written as 1.2346e+03; None: where that is shorter.
    """
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"set_printoptions: profile must be one of {', '.join(PROFILES)}, got {profile!r}.")
    given: dict[str, Any] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if not isinstance(value, (int, float)) or not value >= 0 or (name != "threshold" and value % 1):
            raise ValueError(f"set_printoptions: {name} must be a number, 0 or more, got {value!r}.")
    _options.update({**(PROFILES[profile] if profile else {}), **given, "sci_mode": sci_mode})


def text_of(array: np.ndarray, prefix: str) -> str:
    """The elements of an array, to stand behind `prefix`."""
    precision, sci_mode = _options["precision"], _options["sci_mode"]
    return np.array2string(
        array,
        separator=", ",
        prefix=prefix,
        precision=precision,
        threshold=_options["threshold"],
        edgeitems=_options["edgeitems"],
        max_line_width=_options["linewidth"],
        suppress_small=sci_mode is False,
        formatter={"float_kind": lambda x: f"{x:.{precision}e}"} if sci_mode else None,
    )
