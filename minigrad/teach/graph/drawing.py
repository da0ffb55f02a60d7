"""The picture of a graph: as text, as a file, in a notebook."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from minigrad.teach.graph.dot import dot
from minigrad.teach.graph.picture import Picture
from minigrad.whole_file import whole_file

FORMATS = (".svg", ".png", ".pdf")
TEXTS = (".dot", ".gv")
INSTALL = {"darwin": "brew install graphviz", "win32": "winget install graphviz"}.get(
    sys.platform, "sudo apt install graphviz"
)


class NoGraphviz(RuntimeError):
    """There is no program `dot` that could draw. The message names the command that installs it."""

    def __init__(self) -> None:
        super().__init__(f"graph: drawing needs Graphviz, whose program `dot` was not found. Install it: {INSTALL}")


class Graph:
    """What `mg.graph` gives: a picture that a notebook shows by itself.

    note: what is left out of the picture, in a sentence; "" if all is there. nodes, edges: what is in it.
    """

    def __init__(self, picture: Picture, rankdir: str) -> None:
        self.picture = picture
        self.rankdir = rankdir

    @property
    def note(self) -> str:
        return self.picture.note

    @property
    def nodes(self) -> list:
        return self.picture.nodes

    @property
    def edges(self) -> list:
        return self.picture.edges

    def to_dot(self) -> str:
        """The picture in Graphviz's language. The same graph gives the same text, in every process."""
        return dot(self.picture, self.rankdir).source

    def to_svg(self) -> str:
        """The picture as an `<svg>` element, to be put into a page. Raises NoGraphviz where it is not installed."""
        text = self._drawn("svg").decode()
        return text[text.index("<svg") :]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the text of `to_dot()` to a file."""
        return _write(Path(path), self.to_dot().encode())

    def render(self, path: str | os.PathLike[str]) -> Path:
        """Draw it to a file, in the format that its suffix says: .svg, .png, .pdf, or .dot and .gv for the text.

        Returns the path. Where Graphviz is not installed the text is written in its place, to a .dot file, whose path
        is returned, and a warning names the command that installs it.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix in TEXTS:
            return self.save(path)
        if suffix not in FORMATS:
            raise ValueError(f"graph: expected a file that ends in {', '.join([*FORMATS, *TEXTS])}, got {str(path)!r}.")
        try:
            drawn = self._drawn(suffix[1:])
        except NoGraphviz as error:
            text = self.save(path.with_suffix(".dot"))
            warnings.warn(f"{error}. In place of {path} its text was written to {text}.", stacklevel=2)
            return text
        return _write(path, drawn)

    def _drawn(self, format: str) -> bytes:
        from graphviz import ExecutableNotFound

        try:
            return dot(self.picture, self.rankdir, dpi=150 if format == "png" else None).pipe(format, quiet=True)
        except ExecutableNotFound:
            raise NoGraphviz from None

    def __repr__(self) -> str:
        return f"<graph of {len(self.nodes)} nodes and {len(self.edges)} edges>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        """For notebooks, which must never fail over a picture: an SVG, or the text and how to install Graphviz."""
        try:
            return {"image/svg+xml": self.to_svg(), "text/plain": repr(self)}
        except Exception as error:
            return {"text/plain": f"{error}\n\n{self.to_dot()}"}

    def _repr_svg_(self) -> str | None:
        return self._repr_mimebundle_().get("image/svg+xml")


def _write(path: Path, content: bytes) -> Path:
    try:
        with whole_file(path) as file:
            file.write_bytes(content)
    except OSError as error:
        raise OSError(f"graph: cannot write {path} ({error.strerror or error}).") from error
    return path
