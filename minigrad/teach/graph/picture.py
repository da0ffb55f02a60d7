"""A picture as plain data: nodes in clusters in clusters, and edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Node:
    """One shape.

    kind: "input", "parameter", "constant", "result", "op", "module", or "stretch", ops that are left out. rows: those
    that it stands for.
    """

    id: str
    kind: str
    lines: list[str]
    rows: list[int]
    tooltip: str = ""
    marked: bool = False


@dataclass
class Edge:
    """One arrow.

    uses: what it stands for, each as (row that is used, row that uses it, as which argument). is_main: it belongs to
    the flow from the inputs to the end, which is to be drawn straight; a parameter joins in from the side.
    """

    tail: str
    head: str
    label: str = ""
    is_main: bool = True
    uses: list[tuple[int, int, int]] = field(default_factory=list)
    marked: bool = False


@dataclass
class Cluster:
    """A frame around nodes and other frames."""

    label: str
    members: list[Node | Cluster] = field(default_factory=list)


@dataclass
class Picture:
    """All of it. note: what a reader must know about what is left out, "" for nothing."""

    whole: Cluster
    edges: list[Edge]
    note: str = ""

    @property
    def nodes(self) -> list[Node]:
        return list(_nodes(self.whole))


def _nodes(cluster: Cluster) -> Iterator[Node]:
    for member in cluster.members:
        if isinstance(member, Cluster):
            yield from _nodes(member)
        else:
            yield member
