"""`gaze reproduce`: every task of the assignment, once, in one report; what is finished is not done again."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from gaze_examples import cli, document, themes
from gaze_examples.commands import printing
from gaze_examples.reproduce import checks, notebook, run
from gaze_examples.reproduce.findings import Finding, Lab, Task
from gaze_examples.reproduce.outline import TASKS
from minigrad import optim
from tests.device_guard.module import installed
from tests.gaze_examples.pictures import make_cheap


@pytest.fixture(scope="module")
def reproduced(dataset_directory, tmp_path_factory) -> tuple[Path, str]:
    """The folder of a quick reproduction, and what it printed."""
    folder = tmp_path_factory.mktemp("reproduced") / "all"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(folder.parent / "cache"))
        patch.chdir(folder.parent)
        make_cheap(patch)
        said: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: said.append(" ".join(map(str, words))))
        assert cli.main(["reproduce", "--quick", "--data", dataset_directory, "--out", "all"]) == 0
    return folder, "\n".join(said)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def pages(folder: Path) -> tuple[str, str]:
    return tuple((folder / name).read_text(encoding="utf-8") for name in ("report.html", "report.md"))


def test_every_task_is_in_both_reports_with_its_pictures(reproduced):
    folder, printed = reproduced
    page, text = pages(folder)
    for task in TASKS:
        assert (
            task.title in printed and f": {task.title}</h2>" in page and f": {task.title}\n" in text.replace("\\", "")
        )
        assert (folder / "tasks" / f"{task.key}.json").is_file()
    pictures = re.findall(r"\]\((pictures/.*?)\)", text)
    assert len(pictures) == len(set(pictures)) == 12
    assert all((folder / picture).is_file() for picture in pictures)
    assert page.count("data:image/png;base64,") == 2 * len(pictures) and 'src="pictures' not in page


def test_the_notebooks_numbers_stand_beside_ours(reproduced):
    folder, printed = reproduced
    rows = {cells[0]: cells for line in printed.splitlines() if (cells := line.split("  ")) and len(cells) > 5}
    assert {"two-layer", "sgd", "sgd_momentum", "fc", "cnn", "cnn-bn", "best"} <= rows.keys()
    for page in pages(folder):
        for expected in ("54.8 %", "67.3 %", "61.0 %", "76.0 %", "667,052", "667,356", "452,704", "0.819", "1.3e-06",
                         "real eyes of MPIIFaceGaze, 45,000", "Made-up eyes", "minigrad", "NumPy"):  # fmt: skip
            assert expected in page


def test_the_published_checks_are_met_to_the_digit(reproduced):
    folder, printed = reproduced
    assert "38 of 38 checks are right" in printed
    cells = [cell for line in pages(folder)[1].splitlines() if "| right" in line for cell in [line.split(" | ")]]
    by_name = {(row[0].strip("| "), row[1].replace("\\", "")): row[2:4] for row in cells}
    for check in (("1.1", "fc_forward"), ("1.3", "relu_forward"), ("1.9", "next_w"), ("1.9", "velocity")):
        ours, published = by_name[check]  # against the same eight digits, so the same error
        assert ours == published


def test_checks_hold_with_another_seed(tmp_path):
    lab = Lab(None, 1, True, tmp_path, {})
    for work in (checks.layers, checks.many_layers):
        right, total = work(lab).numbers["checks"]
        assert right == total > 7


def test_a_wrong_backward_is_called_wrong(monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "relu_backward", lambda dout, x: dout * (x > 0.1))
    finding = checks.layers(Lab(None, 0, True, tmp_path, {}))
    assert finding.numbers["checks"] == [7, 8]
    assert [row[1] for row in finding.blocks[1].rows if row[-1] == "WRONG"] == ["dx"]


def test_a_task_that_is_done_is_kept_and_one_that_is_missing_is_done_alike(reproduced, monkeypatch, capsys):
    folder = Path(shutil.copytree(reproduced[0], "again"))
    kept = (folder / "tasks" / "2.2.json").read_text()
    (folder / "tasks" / "2.2.json").unlink()
    (folder / "report.html").unlink()
    assert cli.main(["reproduce", "--resume", "again"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if re.match(r" ?\d+/13 ", line)]
    assert [line.split()[1] for line in lines if "done before" not in line] == ["2.2"]
    before, after = (
        json.loads(text)["numbers"]["networks"]["cnn"] for text in (kept, (folder / "tasks/2.2.json").read_text())
    )
    assert before["losses"] == after["losses"] and before["scores"] == after["scores"]
    assert (folder / "report.html").is_file()


def test_networks_are_trained_as_in_the_notebook(reproduced):
    found = {task.key: json.loads((reproduced[0] / "tasks" / f"{task.key}.json").read_text()) for task in TASKS}
    networks = {name: n for f in found.values() for name, n in f["numbers"].get("networks", {}).items()}
    assert {name: len(n["val"]) for name, n in networks.items()} == {
        "two-layer": 2, "sgd": 2, "sgd_momentum": 2, "fc": 4, "cnn": 2, "cnn-bn": 2, "best": 2
    }  # fmt: skip
    assert networks["sgd"]["losses"][0] == networks["sgd_momentum"]["losses"][0]  # the same weights
    assert networks["sgd"]["losses"][1] == networks["sgd_momentum"]["losses"][1]  # there is no velocity yet
    assert abs(networks["two-layer"]["losses"][0] - np.log(4)) < 1  # weight scale 0.05
    assert all({"val", "test", "new"} == n["scores"].keys() for n in networks.values())
    lab = Lab(None, 0, False, Path(), {})
    assert [lab.epochs(n) for n in (5, 10, 20)] == [5, 10, 20]


def test_the_networks_of_layers_are_trained_on_a_device(reproduced, dataset_directory, monkeypatch, capsys):
    tasks = [task for task in TASKS if task.key in ("2.2", "2.4", "4")]
    monkeypatch.setattr(run, "TASKS", tasks)
    devices: list[str] = []
    monkeypatch.setattr(optim, "SGD", lambda parameters, **settings: watched(parameters, devices, **settings))
    with installed():
        words = ["--device", "cuda:1", "--quick", "--data", dataset_directory, "--out", "there"]
        assert cli.main(["reproduce", *words]) == 0
    assert set(devices) == {"cuda:1"}
    here, there = (
        [loss for task in tasks for net in numbers(folder, task)["networks"].values() for loss in net["losses"]]
        for folder in (reproduced[0], Path("there"))
    )
    np.testing.assert_allclose(there, here, rtol=1e-2)


def numbers(folder: Path, task: Task) -> dict:
    return json.loads((folder / "tasks" / f"{task.key}.json").read_text())["numbers"]


def watched(parameters, devices, sgd=optim.SGD, **settings):
    """An SGD, whose device is noted."""
    rule = sgd(parameters, **settings)
    devices.append(str(rule.param_groups[0]["params"][0].device))
    return rule


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(dataset_directory, monkeypatch, capsys):
    def interrupt(lab):
        raise KeyboardInterrupt

    first = Task("1.1-1.5", "Layers and loss", lambda lab: Finding("done", [document.Text("x")], {"checks": [1, 1]}))
    monkeypatch.setattr(run, "TASKS", (first, Task("1.6", "Two-layer network", interrupt)))
    assert cli.main(["reproduce", "--quick", "--data", dataset_directory]) == printing.OVER
    assert "To go on: gaze reproduce --resume runs/reproduce-1" in capsys.readouterr().out
    assert [path.name for path in Path("runs/reproduce-1/tasks").iterdir()] == ["1.1-1.5.json"]
    assert "Not finished: 1.6, 1.7" in pages(Path("runs/reproduce-1"))[1]


def refused(capsys, *words: str) -> str:
    assert cli.main(["reproduce", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gaze: ") and said.count("\n") == 1
    return said


def test_what_cannot_be_done_is_one_sentence(reproduced, dataset_directory, capsys):
    folder = Path(shutil.copytree(reproduced[0], "again"))
    assert "go on with gaze reproduce --resume again" in refused(capsys, "--out", "again")
    Path("other").mkdir()
    assert "exists already" in refused(capsys, "--out", "other")
    assert "expected a folder that gaze reproduce has begun" in refused(capsys, "--resume", "other")
    assert "leave out --quick and --seed" in refused(capsys, "--resume", "again", "--quick", "--seed", "0")
    (folder / "tasks" / "1.6.json").write_text("{}")
    assert "tasks/1.6.json is not what gaze reproduce writes" in refused(capsys, "--resume", "again")
    about = json.loads((folder / "reproduce.json").read_text())
    (folder / "reproduce.json").write_text(json.dumps({**about, "data": "Other eyes.\nmore"}))
    assert "was begun on other data: Other eyes." in refused(capsys, "--resume", "again")
    (folder / "reproduce.json").write_text("[]")
    assert "reproduce.json is not what gaze reproduce writes" in refused(capsys, "--resume", "again")


def test_a_full_disk_is_told_and_what_is_finished_stays(dataset_directory, monkeypatch, capsys):
    def full(lab):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "TASKS", (Task("1.6", "Two-layer network", full),))
    said = refused(capsys, "--data", dataset_directory, "--out", "full")
    assert "No space left" in said and "gaze reproduce --resume full" in said


def test_numbers_of_the_notebook_are_as_many_as_it_printed():
    assert {name: len(values) for name, values in notebook.VAL.items()} == {
        "two-layer": 10, "sgd": 5, "sgd_momentum": 5, "fc": 20
    }  # fmt: skip
    assert all(len(notebook.TRAIN[name]) == len(values) for name, values in notebook.VAL.items())
    for name, values in notebook.TRAIN.items():  # all are multiples of one image's share
        assert np.allclose(np.round(np.array(values) * 450), np.array(values) * 450, atol=1e-3), name
        assert np.allclose(np.round(np.array(notebook.VAL[name]) * 90), np.array(notebook.VAL[name]) * 90, atol=1e-4)


def test_blocks_are_the_same_after_json_and_escape_what_markup_would_read(tmp_path):
    blocks = [
        document.Heading("A <b> & c"),
        document.Text("1 < 2 | *x* _y_", "note"),
        document.Table(["name", "n"], [["a|b", "1"], ["<i>", "—"]], "caption", ["x.html", ""]),
        document.Cards([("what", "3 %", "remark")]),
        document.Code("a < b"),
    ]
    again = document.from_json(json.loads(json.dumps(document.to_json(blocks))))
    page, text = document.to_html("T", blocks, tmp_path), document.to_markdown("T", blocks)
    assert document.to_html("T", again, tmp_path) == page and document.to_markdown("T", again) == text
    assert "<b> &" not in page and "&lt;i&gt;" in page and '<td class="number">1</td>' in page
    assert "| [a\\|b](x.html) | 1 |" in text and "| --- | ---: |" in text and "> 1 \\< 2 \\| \\*x\\* \\_y\\_" in text


@pytest.mark.pictures
def test_a_picture_is_drawn_for_light_and_dark_pages(tmp_path):
    import cv2

    names = themes.draw(tmp_path, "x", (2, 1), lambda figure, theme: figure.subplots().plot([0, 1], color=theme.first))
    light, dark = (cv2.imread(str(tmp_path / name)) for name in names)
    assert light.shape == dark.shape == (150, 300, 3)
    assert light[0, 0].min() > 250 and dark[0, 0].max() < 30
