"""What `mg.explain` returns: an op, explained, as text, as a page, and on numbers."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from minigrad.teach.explain import page, terminal
from minigrad.teach.explain.example import Call, Example, work_out
from minigrad.teach.explain.explanation import Explanation
from minigrad.teach.explain.inputs import Inputs, inputs_for
from minigrad.teach.explain.source import code_of, source_of
from minigrad.whole_file import whole_file


@dataclass(frozen=True)
class Explained:
    """An op, explained. `print` it, let a notebook show it, or write it to a page with `to_html`.

    name: of the op. forward, backward: its pair. explanation: None for an op that is not the library's.
    inputs: those of the example, if there is to be one.
    """

    name: str
    forward: Callable
    backward: Callable
    explanation: Explanation | None
    inputs: Inputs | None

    @cached_property
    def example(self) -> Example | None:
        """The op on small numbers, worked out and checked; None for a user's op without inputs."""
        if self.inputs is None:
            return None
        args, settings = self.inputs.args, self.inputs.settings
        names = list(inspect.signature(self.forward).parameters)
        names = [names[i] if i < len(names) else f"argument {i}" for i in range(len(args))]
        outputs, flows = self.inputs.outputs, self.inputs.flows
        return work_out(Call(self.forward, self.backward, names, args, settings, outputs, flows))

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The pieces of the code, by what they are."""
        if self.explanation is not None:
            return source_of(self.explanation)
        return {"forward": code_of(self.forward), "backward": code_of(self.backward)}

    @property
    def source(self) -> str:
        """The pair's code."""
        return "\n\n\n".join(self.sources.values())

    @property
    def text(self) -> str:
        """All of it, for a terminal without colours."""
        return terminal.text(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<explanation of {self.name}>"

    def _repr_html_(self) -> str:
        try:
            return page.fragment(self)
        except Exception:  # a notebook shows a traceback in place of the text, which is better than nothing
            return f"<pre>{html.escape(self.text)}</pre>"

    def to_html(self, path: str | Path) -> Path:
        """Write a page that needs nothing else, no network either. Returns its path."""
        content = page.page(self)
        with whole_file(path) as file:
            file.write_text(content, encoding="utf-8")
        return Path(path)


def explained(explanation: Explanation, inputs: Inputs | None = None) -> Explained:
    """An op of the library."""
    forward, backward = explanation.forward, explanation.backward
    return Explained(explanation.op, forward, backward, explanation, inputs or inputs_for(explanation))
