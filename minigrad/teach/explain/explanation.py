"""What an explanation is made of: plain data, in words and in LaTeX.

LaTeX is written here as one writes it on a blackboard: a word of several letters, such as dout, is a name and needs no
command around it. What the fields hold in the end is LaTeX that any other program reads, with `\\mathit{dout}`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

_AS_THEY_ARE = r"\\(?:text|mathrm|mathit|mathsf|operatorname|begin|end)\{[^{}]*\}|\\[A-Za-z]+"
_NAME = re.compile(rf"({_AS_THEY_ARE})|([A-Za-z]{{2,}})")


def latex(source: str) -> str:
    """`dx = dout` as `\\mathit{dx} = \\mathit{dout}`; commands, and what is marked already, stay as they are."""
    return _NAME.sub(lambda found: found[1] or rf"\mathit{{{found[2]}}}", source)


@dataclass(frozen=True)
class Step:
    """One line of a derivation: words, and a formula in LaTeX ("" for none)."""

    text: str
    math: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "math", latex(self.math))


@dataclass(frozen=True)
class Gradient:
    r"""The gradient of one argument, and how one comes to it.

    rule: all of it, in LaTeX: `\mathit{dx} = \mathit{dout} \odot y`.
    local: the factor that this op contributes, alone: `y` for the x of x * y; "" where no single factor says it.
    steps: the derivation.
    """

    argument: str
    rule: str
    local: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", latex(self.rule))
        object.__setattr__(self, "local", latex(self.local))


@dataclass(frozen=True)
class Explanation:
    """An op, explained.

    op: what a record of the tape calls it. pair: where its pair stands, "linear.fc" for `minigrad.ops.linear`'s
    fc_forward and fc_backward. title: what it is, in a few words. formula: in LaTeX. where: shapes and symbols, in a
    sentence. arguments: the names of what it is given by position, in order; those without a gradient among them.
    gradients: of the others. note: what is worth knowing besides. source: of the formula, if it is a paper's.
    parts: other functions of the pair's file without which its code cannot be understood.
    """

    op: str
    pair: str
    title: str
    formula: str
    where: str
    arguments: tuple[str, ...]
    gradients: tuple[Gradient, ...]
    note: str = ""
    source: str = ""
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", latex(self.formula))

    @property
    def forward(self) -> Callable:
        """The pair's forward: the very function that the op runs."""
        return self._functions()[0]

    @property
    def backward(self) -> Callable:
        """The pair's backward."""
        return self._functions()[1]

    def _functions(self) -> tuple[Callable, Callable]:
        file, name = self.pair.split(".")
        module = importlib.import_module(f"minigrad.ops.{file}")
        if hasattr(module, f"{name}_forward"):
            return getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")
        return module.pair(name)
