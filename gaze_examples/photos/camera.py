"""The live view: what a camera sees, as in a mirror, with the answers drawn in.

The frame is mirrored before the eyes are read, so left and right are yours, and the arrow points to where you look.
"""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np

from gaze_examples.data.eyes import DataError
from gaze_examples.photos.answers import look
from gaze_examples.photos.drawing import annotate
from gaze_examples.photos.files import grey_of
from minigrad.nn import Module

WINDOW = "gaze (q ends it)"
ENDS = (ord("q"), ord("Q"), 27)  # 27 is the escape key


def check_can_show() -> None:
    """Raise DataError where no window can be opened."""
    # OpenCV has to be asked before it is told: without a display its windows end the program.
    gui = [line.split() for line in cv2.getBuildInformation().splitlines() if line.strip().startswith("GUI:")]
    if gui == [["GUI:", "NONE"]]:
        raise DataError(
            "The live view needs an OpenCV with windows, and this one has none: pip uninstall opencv-python-headless, "
            "then pip install 'minigrad[gaze-camera]'."
        )
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise DataError(
            "The live view needs a display, and there is none here; give photos or a film instead, which need none."
        )


def live(model: Module, number: int) -> None:
    """Show what camera `number` sees until q is pressed or the window is closed."""
    camera = cv2.VideoCapture(number)
    try:
        frame = camera.read()[1] if camera.isOpened() else None
        if frame is None:
            raise DataError(f"There is no camera {number}, or another program uses it; give another with --camera N.")
        while frame is not None:
            mirrored = np.ascontiguousarray(frame[:, ::-1])
            cv2.imshow(WINDOW, annotate(mirrored, look(model, grey_of(mirrored))))
            if cv2.waitKey(1) & 0xFF in ENDS or cv2.getWindowProperty(WINDOW, cv2.WND_PROP_VISIBLE) < 1:
                break
            frame = camera.read()[1]
    finally:
        camera.release()
        cv2.destroyAllWindows()
