"""Gradients that can be trusted: hold a backward against the slope of its forward."""

from minigrad.testing.gradcheck import gradcheck
from minigrad.testing.jacobians import GradcheckError
from minigrad.testing.numeric import directional_derivative, numeric_jacobian, numerical_gradient
from minigrad.testing.report import CAUSES, VERDICTS, GradientReport, Report
from minigrad.testing.subjects import Case, Loss, Pair

__all__ = [
    "CAUSES",
    "VERDICTS",
    "Case",
    "GradcheckError",
    "GradientReport",
    "Loss",
    "Pair",
    "Report",
    "directional_derivative",
    "gradcheck",
    "numeric_jacobian",
    "numerical_gradient",
]
