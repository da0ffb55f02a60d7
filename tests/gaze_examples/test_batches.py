"""Batches of eyes: normalised a batch at a time, labels beside their images, the set itself never copied."""

from __future__ import annotations

import tracemalloc

import numpy as np

import minigrad as mg
from gaze_examples.batches import EyeDataset, loader
from gaze_examples.data.eyes import EyeSet
from tests.device_guard import module
from tests.device_guard.both import waits

CPU = mg.device("cpu")


def eyes(n: int) -> EyeSet:
    images = np.random.default_rng(0).integers(0, 256, (n, 36, 120), dtype=np.uint8)
    images[:, 0, 0] = np.arange(n) % 256
    return EyeSet(images, np.zeros((n, 2), np.float32), np.zeros(n, np.int16), ("p00",), "Noise.")


def test_images_are_float32_around_zero_and_stay_beside_their_labels():
    labels = np.arange(64) % 4
    seen = []
    for images, batch_labels in loader(eyes(64), labels, 10, CPU, shuffle_seed=1):
        assert images.dtype == mg.float32 and images.shape[1:] == (36, 120) and batch_labels.dtype == mg.int64
        first_pixel = np.rint(images.array[:, 0, 0] * 74 + 128).astype(int)
        assert (first_pixel % 4 == batch_labels.array).all()
        seen += first_pixel.tolist()
    assert sorted(seen) == list(range(64)) and seen != sorted(seen)


def test_a_sample_is_one_image_and_its_label():
    image, label = EyeDataset(eyes(8), np.arange(8), CPU)[3]
    assert image.shape == (36, 120) and label.item() == 3


def test_an_epoch_does_not_copy_the_set():
    many = eyes(2000)
    tracemalloc.start()
    for _ in loader(many, np.zeros(2000, np.int64), 50, CPU, shuffle_seed=1):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < many.images.nbytes / 2


def test_to_a_device_go_bytes_in_one_copy_and_the_numbers_are_the_same(monkeypatch):
    labels = np.arange(64) % 4
    here = list(loader(eyes(64), labels, 10, CPU, shuffle_seed=1))
    with module.installed() as cupy:
        copied, copy = [], cupy.asarray
        monkeypatch.setattr(cupy, "asarray", lambda array: copied.append((array.dtype.name, array.size)) or copy(array))
        with waits() as waited:
            there = list(loader(eyes(64), labels, 10, mg.device("cuda"), shuffle_seed=1))
        assert not waited
        assert copied[:2] == [("uint8", 10 * 36 * 120), ("int64", 10)] and len(copied) == 2 * len(there)
        for batch, other in zip(here, there, strict=True):
            for one, moved in zip(batch, other, strict=True):
                assert moved.is_cuda and moved.dtype == one.dtype
                np.testing.assert_array_equal(moved.cpu().numpy(), one.numpy())
