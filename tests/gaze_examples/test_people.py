"""`gaze train --protocol leave-one-person-out`: a network for each person, whom it has never seen."""

import json
import statistics
from pathlib import Path

import pytest

from gaze_examples import cli, people, run_folder
from gaze_examples.commands import printing
from gaze_examples.data import gazehub
from tests.gaze_examples.conftest import _eyes

QUICK = ("--model", "fc", "--epochs", "2", "--batch-size", "64")
EACH = ("train", "--protocol", "leave-one-person-out", *QUICK)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def scores(folder: str) -> list[dict]:
    return json.loads(Path(folder, people.PEOPLE).read_text())["scores"]


def test_everybody_is_left_out_once_as_by_hand(dataset_directory, capsys):
    assert cli.main([*EACH, "--data", dataset_directory, "--out", "each"]) == 0
    printed = capsys.readouterr().out
    accuracies = []
    for score in scores("each"):
        name = score["person"]
        assert cli.main(["train", *QUICK, "--data", dataset_directory, "--hold-out", name, "--out", name]) == 0
        by_hand = capsys.readouterr().out
        assert f"{100 * score['accuracy']:.1f} %" in by_hand.split("test, new people")[1]
        weights = [Path(folder, "weights.safetensors").read_bytes() for folder in (f"each/{name}", name)]
        assert weights[0] == weights[1]
        accuracies.append(score["accuracy"])
    assert [score["person"] for score in scores("each")] == ["p00", "p01", "p02"]
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    assert f"{100 * mean:.1f} ± {100 * deviation:.1f} % over all people" in printed
    page = Path("each/report.html").read_text(encoding="utf-8")
    for expected in ('<a href="p01/report.html">p01</a>', f"{100 * mean:.1f} %", f"± {100 * deviation:.1f}", "Made-up"):
        assert expected in page
    assert page.count("data:image/png;base64,") == 2 and 'src="p' not in page
    assert cli.main(["evaluate", "each/p00"]) == 0


def test_stopped_and_resumed_it_ends_as_if_it_had_not_been(dataset_directory, monkeypatch, capsys):
    words = [*EACH, "--data", dataset_directory, "--out"]
    assert cli.main([*words, "whole"]) == 0
    original, told = printing.epoch_line, []

    def interrupt(epoch, epochs=None):
        told.append(epoch)
        if len(told) == 3:  # the first epoch without the second person
            raise KeyboardInterrupt
        return original(epoch, epochs)

    monkeypatch.setattr(printing, "epoch_line", interrupt)
    assert cli.main([*words, "each"]) == printing.OVER
    printed = capsys.readouterr().out
    assert "Stopped after 1 of 3 people" in printed and "gaze train --resume each" in printed
    assert [score["person"] for score in scores("each")] == ["p00"]
    assert "Not done: p01, p02" in Path("each/report.html").read_text(encoding="utf-8")
    assert Path("each/p01", run_folder.CHECKPOINT).exists()
    assert cli.main(["train", "--resume", "each"]) == 0
    assert len(told) == 3 + 1 + 2  # p01 goes on with its second epoch
    for name in ("p00", "p01", "p02"):
        whole, resumed = (Path(folder, name, "weights.safetensors").read_bytes() for folder in ("whole", "each"))
        assert whole == resumed
    assert [s["accuracy"] for s in scores("each")] == [s["accuracy"] for s in scores("whole")]


def refused(capsys, *words: str) -> str:
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("gaze: ") and said.count("\n") == 1
    return said


def test_what_cannot_be_done_is_one_sentence(dataset_directory, tmp_path, capsys):
    data = ("--data", dataset_directory)
    assert "leave out --hold-out" in refused(capsys, *EACH, *data, "--hold-out", "1")
    assert "gaze train does that" in refused(capsys, "data", "--protocol", "leave-one-person-out", *data)
    eyes = _eyes()
    gazehub.write(eyes[eyes.person == 1], tmp_path / "one")
    assert "at least two people, and here is only p01" in refused(capsys, *EACH, "--data", "one")
    Path("there").mkdir()
    assert "exists already" in refused(capsys, *EACH, *data, "--out", "there")
    Path("there", people.PEOPLE).write_text("{}")
    assert "there/people.json is not what gaze train writes" in refused(capsys, "train", "--resume", "there")
    assert "leave out --seed" in refused(capsys, "train", "--resume", "there", "--seed", "0")
    assert not Path("runs").exists()


def test_a_full_disk_is_told_and_what_is_finished_stays(dataset_directory, monkeypatch, capsys):
    finish, done = people.run_folder.finish, []

    def full(*arguments):
        if done:
            raise OSError(28, "No space left on device")
        done.append(finish(*arguments))

    monkeypatch.setattr(people.run_folder, "finish", full)
    said = refused(capsys, *EACH, "--data", dataset_directory, "--out", "each")
    assert "No space left" in said and "gaze train --resume each" in said
    assert [score["person"] for score in scores("each")] == ["p00"]
