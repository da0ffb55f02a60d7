"""`Data`: what the notebook's loaders yield, how often the folder is read, and what is said when it is not there."""

import shutil

import numpy as np
import pytest

from gaze_examples import data as gaze_data
from gaze_examples.assignment import Data
from gaze_examples.assignment import data as module
from gaze_examples.data import DataError

PARTS = ("load_train", "load_val", "load_test")


@pytest.fixture(autouse=True)
def nothing_read_yet():
    module._read.cache_clear()


def all_of(batches) -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = zip(*batches, strict=True)
    return np.concatenate(inputs), np.concatenate(labels)


def test_the_notebooks_first_look(dataset_directory):
    inputs, labels = next(Data(batch_size=1, dataset_directory=dataset_directory).load_train())
    assert inputs[0].shape == (36, 120)
    assert labels[0] in (0, 1, 2, 3)


def test_batches_are_images_between_0_and_1_with_labels(dataset_directory):
    inputs, labels = next(Data(32, dataset_directory).load_val())
    assert inputs.dtype == np.float64 and labels.dtype == np.int64
    assert inputs.ndim == 3 and labels.shape == inputs.shape[:1]
    assert 0 <= inputs.min() < 0.5 < inputs.max() <= 1


def test_the_parts_are_those_of_the_façade_5_to_1_to_1_with_nobody_held_out(dataset_directory):
    expected = gaze_data.load(dataset_directory, hold_out=0)
    sizes = []
    for part, load in zip(("train", "val", "test"), PARTS, strict=True):
        inputs, labels = all_of(getattr(Data(50, dataset_directory), load)())
        np.testing.assert_array_equal(np.round(inputs * 255), expected.split.parts()[part].images)
        np.testing.assert_array_equal(labels, expected.labels[part])
        sizes.append(len(labels))
    assert sizes == [180, 36, 36]
    shares = np.bincount(all_of(Data(50, dataset_directory).load_train())[1]) / 180
    assert np.all(np.abs(shares - 0.25) < 0.1)  # the median splits each angle in half


def test_in_place_of_a_folder_it_takes_what_is_split_already(dataset_directory):
    data = gaze_data.load(dataset_directory, hold_out=["p01"], order="in-order")
    for part, eyes in data.split.parts().items():
        images, labels = all_of(Data(50, data).load(part))
        assert np.array_equal(images, eyes.images / 255.0) and np.array_equal(labels, data.labels[part])


@pytest.mark.parametrize(("batch_size", "sizes"), [(256, [180]), (180, [180]), (179, [90, 90]), (50, [45] * 4),
                                                   (53, [45] * 4), (64, [60] * 3), (70, [60] * 3)])  # fmt: skip
def test_no_batch_is_larger_than_asked_or_much_smaller_than_another(dataset_directory, batch_size, sizes):
    assert [len(labels) for _, labels in Data(batch_size, dataset_directory).load_train()] == sizes


def test_sizes_that_do_not_divide_differ_by_one(dataset_directory):
    sizes = [len(labels) for _, labels in Data(49, dataset_directory).load_train()]
    assert sum(sizes) == 180 and sizes == [45, 45, 45, 45]
    assert sorted({len(labels) for _, labels in Data(7, dataset_directory).load_train()}) == [6, 7]


def test_every_epoch_is_the_same_and_draws_nothing_from_numpys_global_state(dataset_directory):
    state = np.random.get_state()[1].copy()
    data = Data(50, dataset_directory)
    first, second = all_of(data.load_train()), all_of(data.load_train())
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_the_people_are_mixed_in_every_batch(dataset_directory):
    train = gaze_data.load(dataset_directory, hold_out=0).split.train
    assert all(len(np.unique(train.person[start : start + 30])) == 3 for start in range(0, 180, 30))


def test_the_folder_is_read_once_until_it_changes(dataset_directory, tmp_path, monkeypatch):
    reads = []
    real = module.load
    monkeypatch.setattr(module, "load", lambda *args, **settings: reads.append(args) or real(*args, **settings))
    folder = tmp_path / "set"
    shutil.copytree(dataset_directory, folder)
    for name in PARTS * 2:
        next(getattr(Data(10, str(folder)), name)())
        next(getattr(Data(20, f"{folder}/"), name)())
    assert len(reads) == 1
    label_file = folder / "Label" / "p00.label"
    label_file.write_text("\n".join(label_file.read_text().splitlines()[:-7]) + "\n")
    assert len(all_of(Data(20, folder).load_train())[1]) == 175
    assert len(reads) == 2


def test_a_caller_may_change_what_it_was_given(dataset_directory):
    data = Data(50, dataset_directory)
    inputs, labels = next(data.load_train())
    kept = inputs.copy(), labels.copy()
    inputs -= 5
    labels += 1
    again = next(data.load_train())
    np.testing.assert_array_equal(again[0], kept[0])
    np.testing.assert_array_equal(again[1], kept[1])


def test_a_missing_folder_names_the_way_to_make_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    data = Data(batch_size=256, dataset_directory="./datasets/MPIIFaceGaze/")
    with pytest.raises(DataError, match=r"no such folder.*gaze data --write datasets/MPIIFaceGaze"):
        data.load_train()


def test_a_folder_of_another_layout_is_named(tmp_path):
    with pytest.raises(DataError, match=r"^Looked for .*GazeHub.s layout.* has nothing in it"):
        Data(256, tmp_path).load_test()


def test_a_batch_size_below_one_is_refused():
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        Data(0, "anywhere")
