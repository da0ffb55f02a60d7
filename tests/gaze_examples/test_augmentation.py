"""Augmented images are still the eyes they were, with labels that are still true, and others each time."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import minigrad as mg
from gaze_examples.augmentation import Augmentation, equalised, mirrored, relit, shifted
from gaze_examples.batches import loader
from gaze_examples.data.eyes import MIRRORED, QUADRANTS, EyeSet
from gaze_examples.data.synthetic import render
from gaze_examples.models import BestCNN
from gaze_examples.runs import Settings, train

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 36, 120), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 3, 0, 3])


def test_a_mirror_turns_left_into_right_in_the_image_and_in_the_label():
    which = np.array([True, False, True, True, False, True])
    images, labels = mirrored(IMAGES, LABELS, which)
    for image, label, before, was, turned in zip(images, labels, IMAGES, LABELS, which, strict=True):
        np.testing.assert_array_equal(image, before[:, ::-1] if turned else before)
        assert label == (MIRRORED[was] if turned else was)
    swap = {"left": "right", "right": "left"}
    for name, other in zip(QUADRANTS, MIRRORED, strict=True):
        height, side = name.split()
        assert QUADRANTS[other] == f"{height} {swap[side]}"


def test_a_shift_moves_the_whole_image_and_repeats_its_edge():
    by = np.array([[2, -1], [0, 0], [-2, 2], [1, 0], [0, 1], [-1, -1]])
    for image, before, (down, right) in zip(shifted(IMAGES, by), IMAGES, by, strict=True):
        framed = np.pad(before, 2, mode="edge")
        np.testing.assert_array_equal(image, framed[2 + down : 38 + down, 2 + right : 122 + right])


def test_equalising_does_what_opencv_does():
    eyes = RNG.integers(20, 200, (4, 36, 2, 60), dtype=np.uint8)
    eyes[1, :, 0] //= 40  # few levels
    for before, after in zip(eyes, equalised(eyes), strict=True):
        for eye in (0, 1):
            theirs = cv2.equalizeHist(np.ascontiguousarray(before[:, eye]))
            assert np.abs(after[:, eye].astype(int) - theirs).max() <= 1  # rounding


def test_light_makes_its_side_brighter_and_leaves_what_it_does_not_reach():
    images = render([0], 6, workers=1).images
    right, up, none = relit(images, np.array([[0.4, 0], [0, 0.3], [0, 0]] * 2))[:3]
    np.testing.assert_array_equal(none, images[2])
    for eye in (slice(0, 60), slice(60, 120)):
        before, after = images[0, :, eye].astype(float), right[:, eye].astype(float)
        assert (after - before)[:, 40:].mean() > 3 + (after - before)[:, :20].mean()
        before, after = images[1, :, eye].astype(float), up[:, eye].astype(float)
        assert (after - before)[:12].mean() > 3 + (after - before)[24:].mean()
        assert abs(after.mean() - 128) < 4


def test_each_measure_can_be_left_out_and_all_left_out_change_nothing():
    images, labels = Augmentation(shift=0, mirror=False, light=False)(IMAGES, LABELS, np.random.default_rng(0))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    for alone in (
        Augmentation(1, False, False),
        Augmentation(0, True, False),
        Augmentation(0, False, True),
    ):
        images, _ = alone(IMAGES, LABELS, np.random.default_rng(0))
        assert (images != IMAGES).any(axis=(1, 2)).sum() >= 2, alone


def test_batches_are_augmented_anew_each_time_from_the_librarys_seed():
    eyes = EyeSet(IMAGES, np.zeros((6, 2), np.float32), np.zeros(6, np.int16), ("p00",), "Noise.")
    batches = loader(eyes, LABELS, 6, mg.device("cpu"), augment=Augmentation())

    def epoch() -> np.ndarray:
        return next(iter(batches))[0].numpy()

    mg.manual_seed(3)
    first, second = epoch(), epoch()
    assert (first != second).any()
    mg.manual_seed(3)
    np.testing.assert_array_equal(epoch(), first)


def test_training_sees_augmented_images_only_where_the_settings_say_so(dataset_directory):
    from gaze_examples.data import load

    data = load(dataset_directory, hold_out=0)
    losses = {
        augment: train(Settings("fc", 1, 0.01, 0.9, 0.0, 32, 0, "cpu", augment=augment), data).history.epochs[0]
        for augment in (False, True)
    }
    assert losses[False].train_loss != losses[True].train_loss


def test_best_reads_a_mirrored_image_as_the_mirror_of_the_image_once_it_is_trained():
    mg.manual_seed(0)
    net, images = BestCNN().eval(), mg.randn(5, 36, 120)
    with mg.no_grad():
        scores, turned = net(images).numpy(), net(images.flip(2)).numpy()
        np.testing.assert_allclose(turned, scores[:, MIRRORED], rtol=1e-5, atol=1e-6)
        one_side = net.read(images).numpy()
        assert np.abs(one_side - scores).max() > 1e-3
        net.drop.eval().p = 0.0
        for block in net.blocks:
            block[2].eval()
        net.training = True  # as in training, but for dropout and batch-norm: it reads one side
        np.testing.assert_array_equal(net(images).numpy(), one_side)


@pytest.mark.parametrize("shape", [(0, 36, 120), (1, 36, 120)])
def test_few_images_are_no_special_case(shape):
    images, labels = Augmentation()(np.zeros(shape, np.uint8), np.zeros(shape[0], np.int64), np.random.default_rng(0))
    assert images.shape == shape and labels.shape == shape[:1] and images.dtype == np.uint8
