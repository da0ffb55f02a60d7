"""The reference has every public name once, and each entry can be made."""

import re
from collections import Counter

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra docs")

from extensions import api

from tests.docs.conftest import DOCS

HERE = DOCS / "api"
DIRECTIVE = re.compile(r"^```\{api\} (\S+)\n(?::from: (.*)\n)?```$", re.MULTILINE)
SHOWN = Counter(
    f"{room}.{name}"
    for page in HERE.glob("*.md")
    for room, files in DIRECTIVE.findall(page.read_text("utf-8"))
    for name in api.members(room, files.split())
)
ROOMS = [
    "minigrad",
    "minigrad.random",
    "minigrad.cuda",
    "minigrad.autograd",
    "minigrad.data",
    "minigrad.distributed",
    "minigrad.nn",
    "minigrad.nn.functional",
    "minigrad.nn.init",
    "minigrad.nn.parallel",
    "minigrad.nn.utils",
    "minigrad.optim",
    "minigrad.optim.lr_scheduler",
    "minigrad.testing",
    "minigrad.testing.strategies",
    "minigrad.training",
]
OPS = [f"minigrad.ops.{path.stem}" for path in (DOCS.parent / "minigrad" / "ops").glob("[a-z]*.py")]


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_shown(room):
    elsewhere = {"graph", "trace", "explain"} if room == "minigrad" else set()  # with all of their files
    assert [name for name in api.members(room) if f"{room}.{name}" not in SHOWN and name not in elsewhere] == []


def test_every_pair_is_shown():
    for room in OPS:
        pairs = [name for name in api.members(room) if name.endswith(("_forward", "_backward", "_naive"))]
        assert [name for name in pairs if f"{room}.{name}" not in SHOWN] == []


def test_none_is_shown_twice():
    assert [name for name, count in SHOWN.items() if count > 1] == []
    assert len(SHOWN) > 600


@pytest.mark.parametrize("room", [*ROOMS, *OPS])
def test_every_entry_says_something_and_its_links_lead_somewhere(room):
    for name, thing in api.members(room).items():
        text = api.entry(room, name, thing, HERE)
        assert text.startswith("::::::{py:") and text.endswith("::::::")
        if api.is_code(thing):
            assert re.search(r"\n\n\S", text.replace(":::{div}", "")), f"{room}.{name} has no docstring"
        for file in re.findall(r"\]\(([^)#]+)", text):
            assert (HERE / file).is_file(), f"{room}.{name}: {file}"


def test_an_op_has_its_formula_and_a_pair_its_rules():
    assert r"\mathit{out}" in api.entry("minigrad.nn", "Linear", api.members("minigrad.nn")["Linear"], HERE)
    backward = api.entry("minigrad.ops.linear", "fc_backward", api.members("minigrad.ops.linear")["fc_backward"], HERE)
    assert all(f"$$\n\\mathit{{{gradient}}}" in backward for gradient in ("dx", "dw", "db"))


def test_a_second_name_points_to_the_first():
    members = api.members("minigrad")
    assert "Another name of {py:func}`~minigrad.cat`" in api.entry("minigrad", "concat", members["concat"], HERE)
