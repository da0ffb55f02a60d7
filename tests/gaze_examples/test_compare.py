"""`gaze compare`: five networks on one split, in one table and one report, each with a run folder of its own."""

from pathlib import Path

import cv2
import pytest

from gaze_examples import cli, figures
from gaze_examples.commands import printing
from gaze_examples.document import Text
from gaze_examples.models import MODELS


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.pictures
def test_all_networks_stand_in_one_table_and_one_report(dataset_directory, monkeypatch, capsys):
    for picture in ("curves", "confusion"):  # of each network's own report, as in test_cli
        monkeypatch.setattr(figures, picture, lambda *_: Text("The picture."))
    assert cli.main(["compare", "--data", dataset_directory, "--epochs", "1"]) == 0
    printed = capsys.readouterr().out
    page = Path("runs/compare-1/report.html").read_text(encoding="utf-8")
    for name in MODELS:
        assert f"\n{name} " in printed and f">{name}</a>" in page
        assert cli.main(["evaluate", f"runs/compare-1/{name}"]) == 0
    for expected in ("667,312", "667,356", "76.0 %", "oracle", "new people"):
        assert expected in printed and expected in page
    assert page.count("data:image/png;base64,") == 4
    for name in ("curves.png", "curves-dark.png", "filters.png", "filters-dark.png"):
        assert cv2.imread(f"runs/compare-1/{name}") is not None


def test_after_ctrl_c_what_is_done_is_kept(dataset_directory, monkeypatch, capsys):
    original, done = printing.epoch_line, []

    def interrupt(epoch, epochs=None):
        done.append(epoch)
        if len(done) == 3:
            raise KeyboardInterrupt
        return original(epoch, epochs)

    monkeypatch.setattr(printing, "epoch_line", interrupt)
    assert cli.main(["compare", "--data", dataset_directory, "--epochs", "1", "--out", "two"]) == 0
    assert {path.name for path in Path("two").iterdir() if path.is_dir()} == {"two-layer", "fc"}
