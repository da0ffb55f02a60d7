"""A formula in LaTeX, as people read it: in a line of a terminal, or on a page."""

from minigrad.teach.explain.render.mathml import mathml_of
from minigrad.teach.explain.render.text import text_of

__all__ = ["mathml_of", "text_of"]
