"""The live view, with a camera and a window that are only played."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gaze_examples.data import DataError
from gaze_examples.photos import camera

QT = "\n  GUI:                           QT5\n    QT:  YES (ver 5.15.16 )\n"
NO_GUI = "\n  GUI:                           NONE\n"


class Camera:
    """Gives one picture for ever."""

    picture = None
    released = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def isOpened(self) -> bool:
        return self.number == 0

    def read(self):
        return True, self.picture.copy()

    def release(self) -> None:
        type(self).released += 1


@pytest.fixture
def window(portrait, monkeypatch):
    """The pictures that were shown; the key q is pressed at the second."""
    shown: list[np.ndarray] = []
    Camera.picture, Camera.released = portrait, 0
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(cv2, "imshow", lambda title, picture: shown.append(picture))
    monkeypatch.setattr(cv2, "waitKey", lambda wait: ord("q") if len(shown) == 2 else -1)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda title, what: 1.0)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: None)
    return shown


def test_an_opencv_without_windows_names_the_extra(monkeypatch):
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: NO_GUI)
    with pytest.raises(DataError, match=r"minigrad\[gaze-camera\]"):
        camera.check_can_show()


def test_without_a_display_it_says_so_before_opencv_ends_the_program(monkeypatch):
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: QT)
    monkeypatch.setattr(camera.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(DataError, match="needs a display"):
        camera.check_can_show()
    monkeypatch.setenv("DISPLAY", ":0")
    camera.check_can_show()


def test_the_view_is_a_mirror_and_ends_with_q(window, model, portrait):
    camera.live(model, 0)
    assert len(window) == 2 and Camera.released == 1
    untouched = np.s_[:30, :50]  # a corner where nothing is drawn
    np.testing.assert_array_equal(window[0][untouched], portrait[:, ::-1][untouched])
    assert np.any(window[0] != portrait[:, ::-1])


def test_closing_the_window_ends_it(window, model, monkeypatch):
    monkeypatch.setattr(cv2, "getWindowProperty", lambda title, what: 0.0)
    camera.live(model, 0)
    assert len(window) == 1


def test_no_camera_is_one_sentence(window, model):
    with pytest.raises(DataError, match="There is no camera 7"):
        camera.live(model, 7)
    assert Camera.released == 1 and not window
