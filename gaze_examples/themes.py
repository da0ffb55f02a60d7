"""Pictures for a light and for a dark page: each is drawn twice, in the colours of the page it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Theme:
    """Colours. first, second, third: of what is compared; soft: of what stands beside it for orientation."""

    paper: str
    ink: str
    soft: str
    line: str
    first: str
    second: str
    third: str

    @property
    def compared(self) -> tuple[str, str, str]:
        """The colours of what is compared, in order."""
        return self.first, self.second, self.third


THEMES = {
    "": Theme("#ffffff", "#1f2328", "#8a929b", "#e4e6e8", "#2a6fbb", "#d9602b", "#6b8e23"),
    "-dark": Theme("#0d1117", "#e6edf3", "#8b949e", "#30363d", "#6cb0f5", "#f0883e", "#a5c261"),
}


def draw(folder: Path, name: str, size: tuple[float, float], paint: Callable[[Figure, Theme], None]) -> tuple[str, str]:
    """Write `name.png` and `name-dark.png` into `folder`, and return these names. size: inches wide and high."""
    import matplotlib
    from matplotlib.figure import Figure

    names = []
    for ending, theme in THEMES.items():
        colours: Any = {
            "figure.facecolor": theme.paper, "axes.facecolor": theme.paper, "axes.edgecolor": theme.soft,
            "axes.labelcolor": theme.ink, "axes.titlecolor": theme.ink, "text.color": theme.ink,
            "xtick.color": theme.soft, "ytick.color": theme.soft, "xtick.labelcolor": theme.ink,
            "ytick.labelcolor": theme.ink, "axes.spines.top": False, "axes.spines.right": False,
            "grid.color": theme.line, "axes.axisbelow": True, "legend.frameon": False, "legend.fontsize": 8,
            "axes.titlesize": 11, "font.size": 9.5,
        }  # fmt: skip
        with matplotlib.rc_context(colours):
            figure = Figure(figsize=size, dpi=150, layout="constrained")
            paint(figure, theme)
            with whole_file(folder / f"{name}{ending}.png") as file:
                figure.savefig(file, format="png")
        names.append(f"{name}{ending}.png")
    return names[0], names[1]


def grid(axes: Axes) -> None:
    """Thin lines behind, at the numbers of the vertical axis."""
    axes.grid(axis="y", linewidth=0.8)
    axes.tick_params(length=0)
