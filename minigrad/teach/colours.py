"""Colours in a terminal, where there is one and it was not asked to be plain (NO_COLOR, see no-color.org)."""

from __future__ import annotations

import os
from typing import Any


class Colours:
    """Text in the colours of what it is, or as it is if `on` is False."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def strong(self, text: str) -> str:
        return self._in("1", text)

    def faint(self, text: str) -> str:
        return self._in("2", text) if text.strip() else text

    def op(self, text: str) -> str:
        return self._in("1;34", text)

    def value(self, text: str) -> str:
        return self._in("36", text)

    def good(self, text: str) -> str:
        return self._in("32", text)

    def bad(self, text: str) -> str:
        return self._in("1;31", text)

    def _in(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._on else text


def colours_for(stream: Any) -> Colours:
    """Those for a stream: on if it is a terminal."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Colours(wanted and hasattr(stream, "isatty") and stream.isatty())
