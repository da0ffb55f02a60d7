"""The pages: each is in the navigation, and their links work in a repository browser, too."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.docs.conftest import DOCS

ROOT = DOCS.parent
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
TOCTREE = re.compile(r"^```\{toctree\}\n((?::.*\n)*)\n*([\s\S]*?)^```$", re.MULTILINE)
LINK = re.compile(r"(?<!`)\]\((?!https?://|mailto:)([^)\s]+)\)")
FENCE = re.compile(r"^(`{3,}|:{3,})[\s\S]*?^\1\s*$", re.MULTILINE)


def entries(page: Path) -> list[Path]:
    """The pages that a page's tables of contents list."""
    found = []
    for options, lines in TOCTREE.findall(page.read_text("utf-8")):
        for line in lines.split("\n"):
            target = re.sub(r".*<(.*)>", r"\1", line.strip())
            if target and ":glob:" in options:
                found += sorted(page.parent.glob(f"{target}.md"))
            elif target:
                found.append((page.parent / f"{target}.md").resolve())
    return found


def test_every_page_is_in_the_navigation_once_and_every_entry_is_a_page():
    listed = [entry for page in PAGES for entry in entries(page)]
    assert sorted(listed) == sorted(set(PAGES) - {DOCS / "index.md"})


def anchors(page: Path) -> set[str]:
    """Of the headings, as repository browsers make them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page):
    for link in LINK.findall(re.sub(r"^```[\s\S]*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE)):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link
        elif anchor:
            assert re.search(rf"^(def |class )?{anchor}\b", target.read_text("utf-8"), re.MULTILINE), link


def test_conf_loads_and_its_extensions_are_there(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("PYTHONPATH", "OMP_NUM_THREADS", "IPYTHONDIR"):
        monkeypatch.setenv(name, "")  # that conf.py changes it is undone then
    conf = runpy.run_path(str(DOCS / "conf.py"))
    ours = [name for name in conf["extensions"] if name.startswith("extensions.")]
    assert all((DOCS / f"{name.replace('.', '/')}.py").is_file() for name in ours) and len(ours) == 6
    assert all((DOCS / "_static" / name).is_file() for name in conf["html_css_files"] + conf["html_js_files"])
    assert conf["nb_execution_raise_on_error"]
    assert set(conf["html_sidebars"]) <= {page.stem for page in DOCS.glob("*.md")}
