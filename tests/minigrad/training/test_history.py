import csv

import pytest

from minigrad.training import Epoch, History


def history():
    rows = [Epoch(1, 0.1, 1.5, 0.25, None, None, 2.0), Epoch(2, 0.05, 1.0, 0.5, 1.25, 0.75, 3.0)]
    return History(rows, [2.0, 1.0], rows[1])


def test_a_column_is_one_number_of_every_epoch():
    assert len(history()) == 2
    assert history().column("train_loss") == [1.5, 1.0] and history().column("val_accuracy") == [None, 0.75]
    with pytest.raises(AttributeError):
        history().column("accuracy")


def test_the_csv_has_a_header_and_a_row_an_epoch_with_empty_cells_where_there_was_no_validation(tmp_path):
    history().to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["epoch", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds"],
        ["1", "0.1", "1.5", "0.25", "", "", "2.0"],
        ["2", "0.05", "1.0", "0.5", "1.25", "0.75", "3.0"],
    ]


def test_a_history_starts_empty_and_histories_share_nothing():
    first = History()
    first.batch_losses.append(1.0)
    assert (History().epochs, History().batch_losses, first.best, first.interrupted) == ([], [], None, False)
