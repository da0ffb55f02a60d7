"""The picture of the house shows every room, and the arrows that are there."""

import ast
import shutil

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra docs")

from extensions import house

FLOORS, ARROWS = house.read_floors(), house.read_arrows()
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def test_every_room_is_on_one_floor():
    assert sorted(FLOOR) == sorted(ARROWS) == sorted(room for floor in FLOORS for room in floor)
    assert {"ops", "tape", "tensor", "nn", "teach"} <= set(ARROWS)


def test_the_arrows_are_the_imports_and_point_down():
    assert ARROWS["ops"] == {"backend", "bounds", "kernels", "memory", "threads"}
    assert {"ops", "tape", "tensor"} <= ARROWS["lift"]
    assert [(room, other) for room in ARROWS for other in ARROWS[room] if FLOOR[other] < FLOOR[room]] == []


def test_what_only_a_type_checker_reads_is_no_import():
    read = "if TYPE_CHECKING:\n    from minigrad import data\n"
    run = "import minigrad.nn\ndef f():\n    from minigrad.ops import pad\n"
    assert house.imported_rooms(ast.parse(read + run)) == {"nn", "ops"}


def reached(arrows, room):
    return arrows[room].union(*(reached(arrows, other) for other in arrows[room]))


def test_the_picture_leaves_out_only_what_follows():
    shown = house.shortest(ARROWS)
    assert all(reached(shown, room) == reached(ARROWS, room) for room in ARROWS)
    assert sum(map(len, shown.values())) < sum(map(len, ARROWS.values()))


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
def test_the_picture_has_every_room():
    drawn = house.picture(FLOORS, ARROWS)
    assert drawn.startswith('<div class="house"><svg')
    assert all(f">{room}</text>" in drawn for room in ARROWS)


def test_without_graphviz_the_table_says_it_all(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert house.picture(FLOORS, ARROWS) == ""
    assert all(f"<td><code>{room}</code></td><td>" in house.table(FLOORS, ARROWS) for room in ARROWS)
    assert all(house.says(room) for room in ARROWS)
