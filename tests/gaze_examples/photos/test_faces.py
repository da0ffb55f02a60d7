"""Faces and eyes in a photograph, and the eyes cut out of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gaze_examples.data import DataError
from gaze_examples.photos import faces
from gaze_examples.photos.faces import Box, eye_pair, find_faces, plausibility
from gaze_examples.photos.files import grey_of

FACE = Box(100, 100, 100, 100)


def eyes(apart=42.0, down=0.0, right_width=25.0, middle=150.0):
    """Two boxes in FACE."""
    left = Box(middle - apart / 2 - 12.5, 130, 25, 25)
    right = Box(middle + apart / 2 - right_width / 2, 130 + down + (25 - right_width) / 2, right_width, right_width)
    return left, right


def test_a_face_and_its_two_eyes_are_found(portrait):
    (face,) = find_faces(grey_of(portrait))
    assert face.problem == "" and face.plausibility > 0.9
    for centre, expected in zip((eye.centre for eye in face.eyes), ((105, 101), (151, 103)), strict=True):
        np.testing.assert_allclose(centre, expected, atol=6)  # the pupils, as a person marks them


def test_a_large_photo_gives_the_same_face_in_its_own_pixels(portrait):
    (small,), (large,) = (find_faces(grey_of(cv2.resize(portrait, None, fx=f, fy=f))) for f in (1.0, 3.0))
    np.testing.assert_allclose(np.array(large.box), 3 * np.array(small.box), atol=45)
    for a, b in zip(small.eyes, large.eyes, strict=True):
        np.testing.assert_allclose(np.array(b.centre), 3 * np.array(a.centre), atol=18)


def test_faces_come_from_left_to_right(pair):
    left, right = find_faces(grey_of(pair))
    assert left.box.x < right.box.x and left.box.width < right.box.width
    assert left.eyes[0].x < left.eyes[1].x


def test_of_all_boxes_in_whatever_order_the_two_that_fit_best_are_the_eyes(monkeypatch):
    class Cascade:
        def __init__(self, boxes):
            self.boxes = boxes

        def detectMultiScale(self, image, *settings, **more):
            return np.array(self.boxes)

    cascades = {
        "haarcascade_frontalface_default": Cascade([(250, 100, 100, 100), (100, 100, 100, 100)]),
        "haarcascade_eye": Cascade([(62, 20, 25, 25), (60, 0, 20, 20), (16, 20, 25, 25), (45, 26, 10, 10)]),
    }
    monkeypatch.setattr(faces, "_cascade", cascades.get)
    left, right = find_faces(np.zeros((400, 400), np.uint8))
    assert (left.box, right.box) == (FACE, FACE._replace(x=250))
    assert left.eyes == (Box(116, 138, 25, 25), Box(162, 138, 25, 25))  # the band begins at 18 % of the face


@pytest.mark.parametrize(("left", "problem"), [(130, "only one eye was found"), (84, "no eyes were found")])
def test_a_face_whose_eyes_are_blurred_says_so(portrait, left, problem):
    photo = portrait.copy()
    photo[85:125, left:174] = cv2.GaussianBlur(photo[85:125, left:174], (0, 0), 6)
    (face,) = find_faces(grey_of(photo))
    assert face.eyes is None and face.problem == problem


def test_no_face_is_an_empty_list(nobody):
    assert find_faces(grey_of(nobody)) == []


def test_eyes_that_fit_are_fully_plausible():
    assert plausibility(FACE, *eyes()) == 1


@pytest.mark.parametrize(
    "change", [{"apart": 20}, {"apart": 62}, {"down": 12}, {"right_width": 16}, {"middle": 140}], ids=str
)
def test_each_oddity_makes_them_less_plausible(change):
    assert 0 < plausibility(FACE, *eyes(**change)) < 1


@pytest.mark.parametrize(
    "change", [{"apart": 10}, {"apart": 80}, {"down": 20}, {"right_width": 8}, {"middle": 125}], ids=str
)
def test_too_odd_is_not_plausible_at_all(change):
    assert plausibility(FACE, *eyes(**change)) == 0


def test_a_pair_in_the_wrong_order_is_not_plausible():
    assert plausibility(FACE, *reversed(eyes())) == 0


def test_patches_show_the_line_between_the_corners_in_the_middle_and_eyes_at_scale():
    """A dark dot where the corners are becomes a dot in the middle, moved as told, and larger in a closer crop."""
    grey = np.full((200, 300), 200, np.uint8)
    boxes = Box(40, 80, 60, 60), Box(180, 80, 60, 60)
    for box in boxes:
        cv2.circle(grey, (int(box.centre[0]), int(box.centre[1] + faces.CORNERS_BELOW * box.width)), 9, 30, -1)

    def dot(**how):
        patches = np.split(eye_pair(grey, boxes, **how), 2, axis=1)
        dark = [np.argwhere(patch < 60) for patch in patches]
        return np.array([places.mean(axis=0)[::-1] for places in dark]), [len(places) for places in dark]

    middle, size = dot()
    np.testing.assert_allclose(middle, [(29.5, 17.5), (29.5, 17.5)], atol=0.6)
    radius = 9.5 * 60 / (60 * faces.PATCH_WIDTH)
    np.testing.assert_allclose(size, np.pi * radius**2, rtol=0.1)
    moved, _ = dot(shifts=np.array([[3, 0], [0, -2]]))
    np.testing.assert_allclose(moved - middle, [(-3, 0), (0, 2)], atol=0.6)
    _, closer = dot(scale=0.8)
    np.testing.assert_allclose(closer[0] / size[0], 1 / 0.8**2, rtol=0.1)


def test_patches_are_equalised_and_may_reach_over_the_edge(portrait):
    grey = grey_of(portrait)
    one = eye_pair(grey, (Box(0, 0, 30, 30), Box(240, 245, 40, 40)))
    assert one.shape == (36, 120) and one.dtype == np.uint8
    darker = eye_pair((grey // 2).astype(np.uint8), (Box(90, 90, 30, 30), Box(135, 90, 30, 30)))
    assert darker.max() == 255 and darker.min() == 0


def test_an_opencv_without_cascades_says_which_to_install(monkeypatch, portrait):
    faces._cascade.cache_clear()
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DataError, match=r"opencv-python-headless>=4\.8,<5"):
        find_faces(grey_of(portrait))
