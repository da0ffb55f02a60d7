"""`mg.explain("conv2d")`: an op's formula, and how one derives its gradients."""

from minigrad.teach.explain.explanation import Explanation, Gradient, Step
from minigrad.teach.explain.lookup import explanation_of

__all__ = ["Explanation", "Gradient", "Step", "explanation_of"]
