"""Gradients that can be trusted: hold a backward against the slope of its forward."""

from minigrad.testing.gradcheck import GradcheckError, gradcheck
from minigrad.testing.numeric import numeric_jacobian

__all__ = ["GradcheckError", "gradcheck", "numeric_jacobian"]
