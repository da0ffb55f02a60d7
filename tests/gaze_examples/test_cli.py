"""The command `gaze`, as a user runs it: what it writes, what it says, and what bad input gets."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from gaze_examples import cli, run_folder, runs
from gaze_examples.commands import options, printing
from gaze_examples.data import gazehub
from tests.device_guard.module import installed

ROOT = Path(__file__).parents[2]
PICTURES = {"curves.png", "curves-dark.png", "confusion.png", "confusion-dark.png"}
FILES = {"weights.safetensors", "history.csv", "report.html"} | PICTURES
QUICK = ("--epochs", "3", "--batch-size", "32")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def gaze(*words: str) -> int:
    return cli.main(words)


def train(dataset: str, *more: str) -> int:
    return gaze("train", "--data", dataset, *QUICK, *([] if "--model" in more else ["--model", "fc"]), *more)


def one_sentence(capsys) -> str:
    captured = capsys.readouterr()
    assert captured.err.startswith("gaze") and captured.err.count("\n") == 1, captured.err
    return captured.err


def test_a_network_is_trained_and_evaluated_on_a_device(dataset_directory):
    with installed():
        assert train(dataset_directory, "--epochs", "1", "--device", "cuda") == 0
        assert gaze("evaluate", "runs/fc-1", "--device", "cuda:1") == 0
    assert {path.name for path in Path("runs/fc-1").iterdir()} == FILES


@pytest.mark.pictures
def test_train_leaves_a_whole_run_folder(dataset_directory, capsys):
    assert train(dataset_directory) == 0
    assert {path.name for path in Path("runs/fc-1").iterdir()} == FILES
    for name in PICTURES:
        assert cv2.imread(f"runs/fc-1/{name}") is not None
    with open("runs/fc-1/history.csv", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    printed = capsys.readouterr().out
    assert "epoch   3/3" in printed and "test, same people" in printed and "runs/fc-1/report.html" in printed


def test_the_report_is_one_file_with_scores_pictures_tape_and_settings(dataset_directory):
    train(dataset_directory, "--out", "run")
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4 and 'src="http' not in page
    for expected in (
        "test, new people",
        "Made-up eyes",
        "fc4",
        "cross_entropy",
        "oracle",
        'batch size</td><td class="text">32',
    ):
        assert expected in page


@pytest.mark.pictures
@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed: there is no `dot`")
def test_the_report_has_the_graph_of_the_network(dataset_directory):
    train(dataset_directory, "--model", "cnn-bn", "--epochs", "1", "--out", "run")
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    for expected in ("bn1: BatchNorm2d", "663,808 parameters", "(1, 16, 6, 27)", "model: CnnBatchNorm"):
        assert expected in page


@pytest.mark.pictures
def test_without_graphviz_the_report_says_how_to_install_it(dataset_directory, monkeypatch):
    monkeypatch.setenv("PATH", "")
    train(dataset_directory, "--out", "run")
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert "<svg" not in page and "drawing needs Graphviz" in page and "install graphviz" in page


def test_training_learns_and_evaluate_repeats_its_scores(dataset_directory, capsys):
    gaze("train", "--data", dataset_directory, "--model", "fc", "--epochs", "25", "--batch-size", "16", "--out", "run")
    table = capsys.readouterr().out.split("oracle\n")[-1].splitlines()
    test_row = next(line for line in table if line.startswith("test, same people"))
    assert float(test_row.split()[-3]) > 50  # guessing gets 25
    assert gaze("evaluate", "run", "--data", dataset_directory) == 0
    assert test_row in capsys.readouterr().out


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(dataset_directory):
    for out, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        train(dataset_directory, "--seed", seed, "--out", out)
    a, b, c = (Path(out, "weights.safetensors").read_bytes() for out in "abc")
    assert a == b and a != c


def test_run_folders_are_numbered(dataset_directory):
    train(dataset_directory)
    train(dataset_directory)
    train(dataset_directory, "--model", "two-layer")
    assert gaze("train", "--data", dataset_directory, "--epochs", "1") == 0  # the default
    assert {path.name for path in Path("runs").iterdir()} == {"fc-1", "fc-2", "two-layer-1", "cnn-bn-1"}


def test_ctrl_c_keeps_the_best_weights_so_far(dataset_directory, monkeypatch, capsys):
    lines = []

    def interrupt(epoch, epochs):
        lines.append(epoch)
        if len(lines) == 2:
            raise KeyboardInterrupt
        return "an epoch"

    monkeypatch.setattr(printing, "epoch_line", interrupt)
    assert train(dataset_directory, "--out", "run") == 0
    assert {path.name for path in Path("run").iterdir()} == FILES | {"run.json", "checkpoint.safetensors"}
    assert "keeping the best weights so far. To go on: gaze train --resume run" in capsys.readouterr().out
    assert "stopped early" in Path("run/report.html").read_text(encoding="utf-8")
    assert gaze("train", "--resume", "run") == 0
    assert {path.name for path in Path("run").iterdir()} == FILES
    assert "stopped early" not in Path("run/report.html").read_text(encoding="utf-8")


def test_ctrl_c_before_the_first_epoch_writes_nothing(dataset_directory, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(options, "load", interrupt)
    assert train(dataset_directory) == printing.OVER
    assert "Nothing is half-written" in one_sentence(capsys) and not Path("runs").exists()


@pytest.mark.parametrize(("error", "code"), [(RuntimeError("the printer is on fire"), 2), (KeyboardInterrupt(), 130)])
def test_after_a_failure_while_saving_the_training_is_not_lost(error, code, dataset_directory, monkeypatch, capsys):
    train(dataset_directory, "--out", "whole")
    with monkeypatch.context() as patch:
        patch.setattr(run_folder.report, "page", lambda *_, **__: (_ for _ in ()).throw(error))
        assert train(dataset_directory, "--out", "run") == code
    capsys.readouterr()
    assert gaze("train", "--resume", "run") == 0
    assert "epoch" not in capsys.readouterr().out.split("Two-layer")[-1].split("3 epochs")[-1].split("accuracy")[0]
    assert {path.name for path in Path("run").iterdir()} == FILES
    assert Path("run/weights.safetensors").read_bytes() == Path("whole/weights.safetensors").read_bytes()


def test_a_failure_before_the_first_epoch_leaves_nothing_behind(dataset_directory, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(runs, "train", fail)
    assert train(dataset_directory) == 2
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("train", "--model", "resnet"), "no model 'resnet'; the models are two-layer, fc, cnn, cnn-bn, best"),
        (("train", "--data", "nowhere"), "Image"),
        (("train", "--resume", "nowhere"), "no run to resume in nowhere"),
        (("train", "--resume", "x", "--lr", "1", "--size", "full"), "from the run; leave out --lr and --size"),
        (("compare", "--epochs", "0"), "--epochs: must be greater than 0"),
        (("train", "--size", "huge"), "small, full, crowd"),
        (("train", "--epochs", "0"), "--epochs: must be greater than 0"),
        (("train", "--epochs", "many"), "--epochs: invalid int greater than 0 value: 'many'"),
        (("train", "--lr", "nan"), "--lr: must be greater than 0"),
        (("train", "--momentum", "-1"), "--momentum: must be at least 0"),
        (("train", "--lr", "inf"), "--lr: must be greater than 0"),
        (("train", "--momentum", "much"), "--momentum: invalid float at least 0 value: 'much'"),
        (("train", "--seed", "-1"), "--seed: must be at least 0"),
        (("train", "--seed", "1.5"), "--seed: invalid int"),
        (("train", "--seed", "9" * 400), "--seed: must be at least 0 and below 2**64"),
        (("train", "--shares", "a,b,c"), "--shares: invalid TRAIN,VAL,TEST value"),
        (("train", "--out", ""), "--out: expected a name"),
        (("train", "--out", "x" * 300), "Cannot make the run folder"),
        (("train", "--data", "x" * 300), "cannot be read"),
        (("evaluate", "x" * 300), "name too long"),
        (("train", "--device", "tpu"), "expected 'cpu', 'cuda' or 'cuda:N', got 'tpu'"),
        (("train", "--split", "sorted"), '"random" or "in-order"'),
        (("train", "--origin", "here"), "median"),
        (("train", "--shares", "5,1"), "three positive numbers"),
        (("evaluate", "nowhere"), "no trained model in nowhere"),
        (("explain", "7", "--out", "nowhere/why.png"), "--out: there is no folder nowhere"),
        (("data", "--sheet", "."), "--sheet: expected a file, and . is a folder"),
        (("step", "--html", "nowhere/step.html"), "--html: there is no folder nowhere"),
        (("fly",), "invalid choice: 'fly'"),
        (("train", "nonsense"), "unrecognized"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(words, says, capsys):
    try:
        code = gaze(*words)
    except SystemExit as stop:
        code = stop.code
    assert code == 2 and says in one_sentence(capsys) and list(Path().iterdir()) == []


@pytest.mark.parametrize("command", ["train", "compare", "reproduce"])
def test_without_cupy_a_gpu_is_refused_by_the_name_that_was_typed(command, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert gaze(command, "--device", "cuda:1") == 2
    assert one_sentence(capsys).startswith("gaze: device cuda:1: CuPy is not installed. Install it with: pip install ")


def test_alone_it_says_what_it_can_do(capsys):
    with pytest.raises(SystemExit, match="0"):
        gaze()
    assert "predict " in capsys.readouterr().out


def test_a_commands_own_help_says_what_it_does(capsys):
    with pytest.raises(SystemExit, match="0"):
        gaze("evaluate", "--help")
    assert "\n\nTest a trained network.\n\n" in capsys.readouterr().out


def test_an_out_folder_that_exists_is_refused_before_any_work(dataset_directory, capsys):
    Path("run").mkdir()
    Path("run/mine.txt").write_text("keep me")
    assert train(dataset_directory, "--out", "run") == 2
    assert "run exists already" in one_sentence(capsys)
    assert [path.name for path in Path("run").iterdir()] == ["mine.txt"]


def test_where_no_run_folder_can_be_made_it_is_said_before_any_work(dataset_directory, monkeypatch, capsys):
    Path("file").touch()
    monkeypatch.setattr(options, "load", lambda *_: pytest.fail("it worked first"))
    assert train(dataset_directory, "--out", "file/run") == 2
    assert "Cannot make the run folder file/run" in one_sentence(capsys)


def test_a_missing_matplotlib_is_missed_before_any_work(dataset_directory, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(options, "load", lambda *_: pytest.fail("it worked first"))
    assert train(dataset_directory) == 2
    assert "matplotlib" in one_sentence(capsys)


def test_a_run_whose_folder_was_taken_meanwhile_goes_to_the_next_free_one(dataset_directory, monkeypatch, capsys):
    original = options.load

    def somebody_else_is_quicker(asked):
        Path("runs/fc-1").mkdir(parents=True)
        Path("runs/fc-1/theirs.txt").touch()
        return original(asked)

    monkeypatch.setattr(options, "load", somebody_else_is_quicker)
    assert train(dataset_directory) == 0
    assert [path.name for path in Path("runs/fc-1").iterdir()] == ["theirs.txt"]
    assert {path.name for path in Path("runs/fc-2").iterdir()} == FILES
    assert "runs/fc-1 was taken meanwhile. The run is in runs/fc-2" in capsys.readouterr().out


def test_evaluate_uses_the_data_of_the_run_as_it_was_split_there(dataset_directory, capsys):
    train(dataset_directory, "--split", "in-order", "--shares", "4,1,2", "--hold-out", "0", "--out", "run")
    scores = capsys.readouterr().out.split("oracle\n")[-1].split("\n\n")[0]
    assert gaze("evaluate", "run") == 0
    printed = capsys.readouterr().out
    assert "4 : 1 : 2, in the order" in printed and scores.strip() in printed and "other data" not in printed
    assert gaze("evaluate", "run", "--hold-out", "1") == 0
    assert "new people: p02" in capsys.readouterr().out


def test_evaluate_says_when_the_eyes_are_not_those_of_the_training(dataset_directory, capsys):
    train(dataset_directory, "--out", "run")
    shutil.copytree(dataset_directory, "others")
    Path("others/SOURCE.txt").write_text("Other eyes.", encoding="utf-8")
    capsys.readouterr()
    assert gaze("evaluate", "run", "--data", "others") == 0
    printed = capsys.readouterr().out
    assert "trained on other data" in printed and "Made-up eyes for a test." in printed


def test_steps_too_large_to_end_in_numbers_are_named(dataset_directory, capsys):
    assert train(dataset_directory, "--lr", "1e30", "--out", "run") == 0
    assert "Try a smaller --lr" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["data", "train"])
def test_output_that_nobody_reads_ends_it_in_one_sentence(command, dataset_directory):
    words = [sys.executable, "-m", "gaze_examples", command, "--data", dataset_directory]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        run.stdout.close()
        said = run.stderr.read()
    assert run.returncode == 2 and said == "gaze: Stopped, since nobody reads what it prints any more.\n"
    assert not Path("runs").exists()


def test_a_warning_is_one_sentence(dataset_directory, monkeypatch, capsys):
    Path("file").touch()
    monkeypatch.setenv("MINIGRAD_CACHE", "file")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert gaze("data", "--data", dataset_directory) == 0
    assert "could not be cached" in one_sentence(capsys)


def test_broken_images_are_skipped_and_listed(dataset_directory, capsys):
    shutil.copytree(dataset_directory, "eyes")
    broken, small = sorted(Path("eyes/Image/p00/left").glob("*.jpg"))[:2]
    broken.write_bytes(b"this is no image")
    cv2.imwrite(str(small), np.zeros((10, 10), np.uint8))
    assert gaze("data", "--data", "eyes") == 0
    printed = capsys.readouterr().out
    assert "Skipped: 2" in printed and f"p00/left/{broken.name}" in printed and f"p00/left/{small.name}" in printed


def test_labels_without_images_are_an_error(dataset_directory, capsys):
    shutil.copytree(dataset_directory, "eyes")
    shutil.rmtree("eyes/Image/p01")
    (Path("eyes/Image") / "p01").mkdir()
    assert gaze("data", "--data", "eyes") == 2
    assert "p01" in one_sentence(capsys)


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", None])
def test_foreign_weights_are_refused_by_name(content, dataset_directory, capsys):
    from safetensors.numpy import save_file

    Path("run").mkdir()
    file = Path("run/weights.safetensors")
    if content is None:
        save_file({"w": np.zeros(3)}, file, {"settings": json.dumps({"model": "fc"})})
    else:
        file.write_bytes(content)
    assert gaze("evaluate", "run", "--data", dataset_directory) == 2
    assert "run/weights.safetensors" in one_sentence(capsys)


def test_data_describes_draws_and_exports(dataset_directory, capsys):
    assert gaze("data", "--data", dataset_directory, "--sheet", "eyes.png", "--write", "copy") == 0
    printed = capsys.readouterr().out
    assert "Made-up eyes" in printed and "train" in printed and "252 pairs are in copy" in printed
    assert cv2.imread("eyes.png") is not None
    assert gaze("data", "--data", "copy") == 0
    assert gaze("data", "--data", dataset_directory, "--write", "copy") == 2


def test_data_takes_a_path_and_names_its_format(dataset_directory, capsys):
    assert gaze("data", dataset_directory) == 0
    printed = capsys.readouterr().out
    assert "is GazeHub's layout (Image/pXX/left/N.jpg" in printed.splitlines()[0] and "Made-up eyes" in printed
    assert gaze("data", dataset_directory, "--data", "other") == 2
    assert "Give the folder once" in one_sentence(capsys)


def test_data_that_is_stopped_says_that_the_same_command_goes_on(dataset_directory, monkeypatch, capsys):
    shutil.copytree(dataset_directory, "eyes")
    real, stop = gazehub._read_person, [True]

    def read(root, label_file, progress):
        if stop and label_file.stem == "p01":
            raise KeyboardInterrupt
        return real(root, label_file, progress)

    monkeypatch.setattr(gazehub, "_read_person", read)
    assert gaze("data", "eyes") == printing.OVER
    assert "Stopped. What is converted so far is kept: 1 of 3 parts; the same command goes on" in one_sentence(capsys)
    stop.clear()
    assert gaze("data", "eyes") == 0


def test_python_m_gaze_examples_is_gaze():
    run = subprocess.run([sys.executable, "-m", "gaze_examples", "--help"], capture_output=True, text=True,
                         cwd=ROOT)  # fmt: skip
    assert run.returncode == 0 and "evaluate" in run.stdout


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from gaze_examples import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('numpy', 'cv2', 'matplotlib', 'minigrad') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.endswith("[]\n"), run.stdout + run.stderr


def test_an_origin_may_begin_with_a_minus(dataset_directory, capsys):
    for words in (("--origin", "-1,-9.5"), ("--origin=-1,-9.5",)):
        assert gaze("data", "--data", dataset_directory, *words) == 0
        assert "about yaw -1.0, pitch -9.5 degrees" in capsys.readouterr().out
