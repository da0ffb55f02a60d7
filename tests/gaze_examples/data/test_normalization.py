"""The virtual camera, against scenes whose answer needs no formula of ours."""

import cv2
import numpy as np
import pytest

from gaze_examples.data.eyes import angles
from gaze_examples.data.normalization import patch_of, view_of
from tests.gaze_examples.data.data_sets import CAMERA, direction, project

TURNS = [np.zeros(3), np.array([0, 0, 0.6]), np.array([0.2, -0.25, -0.4])]  # of the whole scene about the camera


def dot_at(pixel) -> np.ndarray:
    """A dark picture with a soft dot."""
    y, x = np.mgrid[:480, :640]
    return (250 * np.exp(-((x - pixel[0]) ** 2 + (y - pixel[1]) ** 2) / 8)).astype(np.uint8)


def centre_of(patch) -> np.ndarray:
    y, x = np.nonzero(patch > 240)
    return np.array([x.mean(), y.mean()])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("distance", [450, 600, 800])
def test_a_mark_beside_the_eye_lands_at_1_6_pixels_a_mm_wherever_the_head_is(turn, distance):
    scene, _ = cv2.Rodrigues(turn)  # the head is turned with the scene, so in the patch it is upright
    eye = np.array([0, 0, distance])
    for mark, expected in (
        (np.zeros(3), (30, 18)),
        (np.array([15, 8, 0]), (54, 30.8)),
        (np.array([-12, -7, 0]), (10.8, 6.8)),
    ):
        frame = dot_at(project(((eye + mark) @ scene.T)[None], CAMERA)[0])
        assert centre_of(patch_of(frame, view_of(scene @ eye, scene, CAMERA))) == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("gaze", [(0.0, 0.0), (np.radians(10), np.radians(-5)), (np.radians(-20), np.radians(8))])
def test_a_gaze_is_measured_from_the_line_to_the_camera_and_upright_with_the_head(turn, gaze):
    scene, _ = cv2.Rodrigues(turn)
    view = view_of(scene @ np.array([0, 0, 700.0]), scene, CAMERA)
    assert angles(view.rotation @ scene @ direction(gaze)) == pytest.approx(gaze, abs=1e-12)


def test_yaw_is_positive_to_the_left_of_the_image_and_pitch_upwards():
    assert angles(np.array([[-1.0, 0, -1], [0, -1.0, -1], [0, 0, -5.0]])) == pytest.approx(
        np.array([[np.pi / 4, 0], [0, np.pi / 4], [0, 0]])
    )


def test_a_patch_is_equalised():
    frame = np.tile(np.linspace(100, 140, 640).astype(np.uint8), (480, 1))
    patch = patch_of(frame, view_of(np.array([0, 0, 600.0]), np.eye(3), CAMERA))
    assert (patch.shape, patch.dtype) == ((36, 60), np.uint8)
    assert (patch.min(), patch.max()) == (0, 255)
