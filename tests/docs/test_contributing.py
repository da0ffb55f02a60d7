"""The op that CONTRIBUTING.md adds, from start to end, is added to a copy of the repository, by its own commands."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.docs.conftest import DOCS

ROOT = DOCS.parent
EXAMPLE = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## From start to end")[1].split("\n## ")[0]
BLOCKS = re.findall(r"^```(diff|sh)\n([\s\S]*?)^```$", EXAMPLE, re.MULTILINE)
BIN = os.path.dirname(sys.executable)
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info", "runs")


def apply(folder, diff: str) -> None:
    """Make a change as the page shows it: lines with + after the line before them, or at the end of the file."""
    head, *lines = diff.splitlines()
    path = folder / head.removeprefix("--- ")
    before = [line[1:] for line in lines if line.startswith(" ")]
    added = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
    text = path.read_text("utf-8")
    if before:
        (line,) = before
        assert text.count(f"\n{line}\n") == 1, f"{head} has this line not once: {line}"
        text = text.replace(f"\n{line}\n", f"\n{line}\n{added}")
    else:
        text += added
    path.write_text(text, "utf-8")


@pytest.mark.skipif(not shutil.which("ruff", path=BIN), reason="needs ruff, of the extra dev")
def test_the_example_works(tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch, which the new op is compared with")
    folder = tmp_path / "repository"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment["PATH"] = os.pathsep.join([BIN, os.environ["PATH"]])
    for key in [key for key in environment if key.startswith("PYTEST_")]:
        del environment[key]  # this test's own run
    said = ""
    for kind, block in BLOCKS:
        if kind == "diff":
            apply(folder, block)
            continue
        run = subprocess.run(["bash", "-ec", block], cwd=folder, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, f"{block}\n{run.stdout}{run.stderr}"
        said += run.stdout
    assert "tensor([ 5., 13.])" in said
    assert "length of the hypotenuse" in said
    assert "(100.0%)" in said  # of the mutants were killed
