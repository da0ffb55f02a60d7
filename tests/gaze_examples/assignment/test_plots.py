"""The two figures: their panels, what they show, and where they are written."""

import sys
from types import SimpleNamespace

import pytest

from gaze_examples.assignment import plot_comparison, plot_training

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def no_window():
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def trained(offset: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(loss_history=[1.4 + offset, 1.3, 1.2, 1.1], train_acc_history=[30.0, 40.0 + offset],
                           val_acc_history=[28.0, 35.0 + offset])  # fmt: skip


def shown(axes) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}


def test_training_is_a_loss_and_two_accuracies():
    loss, accuracy = plot_training(trained()).axes
    assert list(shown(loss).values()) == [[1.4, 1.3, 1.2, 1.1]]
    assert shown(accuracy) == {"train": [30, 40], "val": [28, 35], "chance": [25, 25]}
    assert [text.get_text() for text in accuracy.get_legend().get_texts()] == ["train", "val", "chance"]


def test_a_comparison_has_every_solver_in_three_panels():
    loss, train, val = plot_comparison({"sgd": trained(), "sgd_momentum": trained(0.5)}).axes
    assert shown(loss) == {"sgd": [1.4, 1.3, 1.2, 1.1], "sgd_momentum": [1.9, 1.3, 1.2, 1.1]}
    assert shown(train) == {"sgd": [30, 40], "sgd_momentum": [30, 40.5], "chance": [25, 25]}
    assert shown(val) == {"sgd": [28, 35], "sgd_momentum": [28, 35.5], "chance": [25, 25]}


@pytest.mark.parametrize("plot", [plot_training, lambda solver, path: plot_comparison({"sgd": solver}, path)])
def test_a_path_is_written_and_the_figure_closed(plot, tmp_path):
    plot(trained(), tmp_path / "training.png")
    assert (tmp_path / "training.png").read_bytes().startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"minigrad\[gaze\]"):
        plot_training(trained())
