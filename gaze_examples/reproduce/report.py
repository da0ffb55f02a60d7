"""The report of a reproduction: report.html, one file with all in it, and report.md with its pictures beside it."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np

import minigrad as mg
from gaze_examples import document
from gaze_examples.document import Block, Cards, Code, Heading, Table, Text
from gaze_examples.reproduce import notebook, pictures
from gaze_examples.reproduce.findings import BATCH, Finding, Lab, percent
from gaze_examples.reproduce.folder import Reproduction
from gaze_examples.reproduce.outline import TASKS
from minigrad.whole_file import whole_file

PAGE, MARKDOWN, TITLE = "report.html", "report.md", "The assignment, reproduced"


def write(begun: Reproduction, lab: Lab, findings: dict[str, Finding]) -> None:
    """Write both forms of the report into the folder."""
    blocks = _blocks(begun, lab, findings)
    texts = {
        PAGE: document.to_html(TITLE, blocks, begun.folder),
        MARKDOWN: document.to_markdown(TITLE, blocks),
    }
    for name, text in texts.items():
        with whole_file(begun.folder / name) as file:
            file.write_text(text, encoding="utf-8", errors="replace")


def overview(findings: dict[str, Finding]) -> Table:
    """A row for each trained network, with the notebook's numbers."""
    rows = []
    for name, task, network in _networks(findings):
        scores = network["scores"]
        there = notebook.VAL[name][-1] if name in notebook.VAL else None
        rows.append([
            name, task, f"{network['parameters']:,}", str(len(network["val"])), percent(scores["val"]),
            percent(scores["test"]), percent(scores.get("new")), percent(there), percent(notebook.TEST.get(name)),
            f"{network['seconds']:.0f} s",
        ])  # fmt: skip
    head = ["network", "task", "parameters", "epochs", "validation", "test", "new people", "notebook: validation",
            "notebook: test", "time"]  # fmt: skip
    return Table(head, rows)


def checks(findings: dict[str, Finding]) -> tuple[int, int]:
    """How many of the checks are right, and how many there are."""
    counts = [finding.numbers["checks"] for finding in findings.values() if "checks" in finding.numbers]
    return sum(right for right, _ in counts), sum(total for _, total in counts)


def _networks(findings: dict[str, Finding]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, key, network)
        for key, finding in findings.items()
        for name, network in finding.numbers.get("networks", {}).items()
    ]


def _blocks(begun: Reproduction, lab: Lab, findings: dict[str, Finding]) -> list[Block]:
    blocks: list[Block] = [_cards(lab, findings), Text(lab.data.split.train.source, "note")]
    missing = [task.key for task in TASKS if task.key not in findings]
    if missing:
        blocks.append(
            Text(f"Not finished: {', '.join(missing)}. To go on: gaze reproduce --resume {begun.folder}", "note")
        )
    if begun.quick:
        blocks.append(
            Text(
                "A quick run, with fewer epochs than the notebook's: its accuracies are lower. Those on the training "
                "part are of 2,000 images.",
                "note",
            )
        )
    batches = -(-len(lab.data.labels["train"]) // BATCH)
    if batches < notebook.BATCHES / 2:
        blocks.append(
            Text(
                f"An epoch of this data is {batches} batches, the notebook's was {notebook.BATCHES}: trained for as "
                "many epochs, with the same small learning rates, the networks of part 1 get far less far.",
                "note",
            )
        )
    blocks += [
        Text(
            "Two eyes, 36 x 120 grey pixels: which quarter of the screen do they look at? Every task of the course's "
            "notebook, done with minigrad, and the notebook's own numbers beside it."
        ),
        Text(
            f"The notebook's numbers are of {notebook.DATA}. Other eyes, other numbers: they stand here for their "
            "order, not for their size."
        ),
    ]
    networks = _networks(findings)
    if networks:
        table = overview(findings)
        blocks += [
            Heading("Overview"),
            pictures.scores(lab, "overview", [(name, network) for name, _, network in networks]),
            table,
            Text(
                "Test: other images of the people it was trained on. New people: people it has never seen. The oracle "
                "knows the true angles of the eyeballs, where the data has them: nobody can be expected to do better.",
                "soft",
            ),
        ]
    for task in TASKS:
        if task.key in findings:
            name = f"Part {task.key}" if task.key == "4" else f"Task {task.key}"
            blocks += [Heading(f"{name}: {task.title}"), *findings[task.key].blocks]
    return [*blocks, Heading("How it was made"), *_made(begun, lab, findings)]


def _cards(lab: Lab, findings: dict[str, Finding]) -> Cards:
    right, total = checks(findings)
    cards = [("checks", f"{right} of {total}", "within their bounds")]
    networks = _networks(findings)
    if networks:
        name, task, best = max(networks, key=lambda entry: entry[2]["scores"]["test"])
        oracle = lab.data.oracle_accuracy("test")
        ceiling = "" if oracle is None else f"; an oracle gets {100 * oracle:.1f} %"
        cards.append(("best test accuracy", percent(best["scores"]["test"]), f"{name}, task {task}{ceiling}"))
    seconds = sum(finding.seconds for finding in findings.values())
    cards.append(("time", f"{seconds:.0f} s", f"on {os.cpu_count()} processors"))
    return Cards(cards)


def _made(begun: Reproduction, lab: Lab, findings: dict[str, Finding]) -> list[Block]:
    options = {name: value for name, value in begun.asked.items() if value is not None}
    rows = [
        ["seed", str(lab.seed)],
        ["quick", "yes" if begun.quick else "no"],
        *([name, str(value)] for name, value in options.items() if name != "seed"),
        ["minigrad", mg.__version__],
        ["NumPy", np.__version__],
        ["Python", platform.python_version()],
        ["system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"],
    ]
    times = [[task.key, task.title, f"{findings[task.key].seconds:.1f} s"] for task in TASKS if task.key in findings]
    return [
        Table(["setting", ""], rows),
        Code(lab.data.describe()),
        Table(["task", "", "time"], times),
    ]
