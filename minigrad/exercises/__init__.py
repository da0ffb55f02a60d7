"""Exercises that answer back: write a backward, and be told what is probably wrong with it.

`check` judges a file, in a process of its own; `judge` the functions of a notebook, where they are. Both give a Report,
with points for each part. `strip` takes the solutions out of a teacher's file. On the command line:
`minigrad exercise`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from minigrad.exercises.checking import check
from minigrad.exercises.markers import MarkerError, strip, strip_notebook
from minigrad.exercises.report import Part, Report

if TYPE_CHECKING:
    from minigrad.exercises.notebook import judge

__all__ = ["MarkerError", "Part", "Report", "check", "judge", "strip", "strip_notebook"]


def __getattr__(name: str) -> Any:
    if name != "judge":  # which needs Hypothesis
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module("minigrad.exercises.notebook").judge
