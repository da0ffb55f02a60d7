"""Ready-made walks, as scripts that a user could have written: `minigrad step --demo diamond`.

Each computes a `loss`, and says in its first line what there is to see.
"""

from __future__ import annotations

from importlib.resources import files

DEMOS = ("diamond", "mlp", "softmax", "conv", "batchnorm", "momentum")


def source_of(name: str) -> str:
    """The script of a walk."""
    if name not in DEMOS:
        raise ValueError(f"There is no demo {name!r}; there are {', '.join(DEMOS)}.")
    return (files(__name__) / f"{name}.py").read_text("utf-8")
