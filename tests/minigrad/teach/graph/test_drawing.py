"""What becomes of a picture: text, files, notebooks, with Graphviz and without it."""

import shutil
import xml.etree.ElementTree as ElementTree

import pytest

import minigrad as mg
from minigrad import cli
from minigrad.teach.graph import Graph, NoGraphviz
from minigrad.teach.graph.drawing import INSTALL
from tests.minigrad.teach.graph.nets import Residual

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed: there is no `dot`")
SVG = "{http://www.w3.org/2000/svg}"
NAMES = [
    "<b>bold</b>", "<", 'say "x"', "back\\slash", "at the end\\", "\\N \\G \\l", "{a | b}", "a&b", "&lt;", "größe ✓ 数",
    "</svg><script>", "node", "-->", "a:b", "", " ",
]  # fmt: skip


def square(name="a"):
    a = mg.tensor([1.0, 2.0, 3.0, 4.0, 5.0], requires_grad=True)
    a.name = name or None
    return mg.graph((a * a).sum())


def groups(graph):
    """The nodes and arrows of its SVG, by their ids."""
    return {group.get("id"): group for group in ElementTree.fromstring(graph.to_svg()).iter(f"{SVG}g")}


@pytest.fixture
def no_dot(monkeypatch):
    monkeypatch.setenv("PATH", "")


# -- with Graphviz -----------------------------------------------------------------------------------------------------


@needs_dot
@pytest.mark.parametrize(
    ("suffix", "begins"),
    [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".PDF", b"%PDF"), (".dot", b"dig"), (".gv", b"dig")],
)
def test_the_suffix_says_the_format(suffix, begins, tmp_path):
    path = square().render(tmp_path / f"a b{suffix}")
    assert path == tmp_path / f"a b{suffix}" and path.read_bytes().startswith(begins)


@needs_dot
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_letter_by_letter(name):
    texts = [text.text for text in groups(square(name))["row-0"].iter(f"{SVG}text")]
    assert texts[0].strip() == (name or "a").strip()


@needs_dot
def test_what_is_no_letter_is_shown_as_python_writes_it():
    texts = [text.text for text in groups(square("two\nlines\0\udc80"))["row-0"].iter(f"{SVG}text")]
    assert texts[0] == "two\\nlines\\x00\\udc80"


@needs_dot
def test_nodes_and_arrows_can_be_found_in_the_svg_by_row():
    found = groups(square())
    assert {"row-0", "row-1", "row-2", "row-0-1-0", "row-0-1-1", "row-1-2-0"} <= set(found)
    assert found["row-1"].get("class").split() == ["node", "op", "row-1"]
    assert "row-0-1-1" in found["row-0-1-1"].get("class").split()
    rolled = groups(mg.graph(Residual(), mg.ones(1, 1, 5, 5)))
    assert {"row-10", "row-18", "row-98"} <= set(rolled["row-10"].get("class").split())


@needs_dot
def test_a_notebook_gets_an_svg():
    bundle = square()._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg") and bundle["text/plain"] == "<graph of 3 nodes and 3 edges>"
    assert square()._repr_svg_() == bundle["image/svg+xml"]


# -- without it --------------------------------------------------------------------------------------------------------


def test_without_graphviz_the_text_is_written_and_the_command_to_install_it_named(no_dot, tmp_path):
    with pytest.warns(UserWarning, match=rf"`dot` was not found\. Install it: {INSTALL}.*picture\.dot"):
        path = square().render(tmp_path / "picture.svg")
    assert path == tmp_path / "picture.dot" and path.read_text(encoding="utf-8") == square().to_dot()
    assert not (tmp_path / "picture.svg").exists()
    with pytest.raises(NoGraphviz, match=INSTALL):
        square().to_svg()


def test_without_graphviz_a_notebook_gets_the_text_and_the_command(no_dot):
    bundle = square()._repr_mimebundle_()
    assert list(bundle) == ["text/plain"] and INSTALL in bundle["text/plain"]
    assert square().to_dot() in bundle["text/plain"] and square()._repr_svg_() is None


def test_a_notebook_never_fails_over_a_picture(monkeypatch):
    def broken(*_):
        raise OSError("the printer is on fire")

    monkeypatch.setattr(Graph, "to_svg", broken)
    assert square()._repr_mimebundle_()["text/plain"].startswith("the printer is on fire")


def test_save_writes_the_text(tmp_path):
    assert square().save(tmp_path / "picture.txt").read_text(encoding="utf-8") == square().to_dot()


# -- bad input, and the command line -----------------------------------------------------------------------------------


def test_an_unknown_suffix_and_a_path_that_cannot_be_written_are_clear_errors(tmp_path):
    with pytest.raises(ValueError, match=r"^graph: expected a file that ends in \.svg, .*, got 'picture\.jpg'"):
        square().render("picture.jpg")
    with pytest.raises(OSError, match=r"^graph: cannot write .*picture\.dot \(No such file or directory\)"):
        square().render(tmp_path / "nowhere" / "picture.dot")


def test_the_command_draws_a_script_and_says_what_it_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.py").write_text(
        "import minigrad as mg\ndraw = mg.ones(2, requires_grad=True)\nc = draw.sum()\n", encoding="utf-8"
    )
    assert cli.main(["graph", "s.py:c", "--out", "c.dot"]) == 0
    assert capsys.readouterr().out == "Written to c.dot.\n"
    assert "draw" in (tmp_path / "c.dot").read_text(encoding="utf-8")
    for wrong, said in [("s.py", "Those with a graph are c: name one"), ("t.py", "there is no file t.py.")]:
        assert cli.main(["graph", wrong]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert cli.main(["graph", "s.py:c"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "Written to s.dot.\n" and INSTALL in captured.err
