"""Gradients that can be trusted: hold a backward against the slope of its forward.

`gradcheck` looks at one call, `sweep` at many that Hypothesis draws, `check_file` at a student's file. What needs
Hypothesis is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from minigrad.numeric import directional_derivative, numeric_jacobian, numerical_gradient
from minigrad.testing.case import Case
from minigrad.testing.check import FileReport, check_file
from minigrad.testing.gradcheck import gradcheck
from minigrad.testing.jacobians import GradcheckError
from minigrad.testing.report import CAUSES, VERDICTS, GradientReport, Report
from minigrad.testing.subjects import Loss, Pair

if TYPE_CHECKING:
    from minigrad.testing import strategies
    from minigrad.testing.spec import OpSpec
    from minigrad.testing.sweeping import SweepReport, sweep

__all__ = [
    "CAUSES",
    "VERDICTS",
    "Case",
    "FileReport",
    "GradcheckError",
    "GradientReport",
    "Loss",
    "OpSpec",
    "Pair",
    "Report",
    "SweepReport",
    "check_file",
    "directional_derivative",
    "gradcheck",
    "numeric_jacobian",
    "numerical_gradient",
    "strategies",
    "sweep",
]

_LAZY = {"OpSpec": "spec", "SweepReport": "sweeping", "sweep": "sweeping"}  # each in its file


def __getattr__(name: str) -> Any:
    if name == "strategies":
        return importlib.import_module("minigrad.testing.strategies")
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"minigrad.testing.{_LAZY[name]}"), name)
