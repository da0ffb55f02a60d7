"""The published normalisation: an eye as a virtual camera sees it that looks straight at it from 600 mm.

A camera that has been turned towards the eye, and rolled until the head is upright in it, sees the same scene through a
homography; moving it to 600 mm is a scaling along its axis. In one warp,

    W = C_n S R C^-1

takes a pixel of the photograph (C: the matrix of its camera) to one of the patch (C_n: f = 960 px, so 1.6 px a mm at
the eye). Directions are only rotated, by R: Zhang, Sugano and Bulling, "Revisiting Data Normalization for
Appearance-Based Gaze Estimation", ETRA 2018, who found that better than to scale them too as in Sugano, Matsushita and
Sato, "Learning-by-Synthesis for Appearance-based 3D Gaze Estimation", CVPR 2014. Histogram equalisation comes last.

All points and directions are in the camera's axes: x right, y down, z away from the camera, in mm.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from gaze_examples.data.eyes import HEIGHT, WIDTH

PATCH = (HEIGHT, WIDTH // 2)  # 36 x 60
FOCAL, DISTANCE = 960.0, 600.0  # px, mm
EYE_AT = (PATCH[1] // 2, PATCH[0] // 2)  # column and row in the patch of the point that the camera looks at
CAMERA = np.array([[FOCAL, 0, EYE_AT[0]], [0, FOCAL, EYE_AT[1]], [0, 0, 1]])


class View(NamedTuple):
    """How a virtual camera looks: rotation (3, 3), from the camera's axes to its own; warp (3, 3), between pixels."""

    rotation: np.ndarray
    warp: np.ndarray


def view_of(eye: np.ndarray, head: np.ndarray, camera: np.ndarray) -> View:
    """How the virtual camera sees an eye.

    eye: (3,), its centre. head: (3, 3), the head's rotation; its first column is the head's own x axis, which points to
    the right of the image and lies level in the patch. camera: (3, 3), the matrix of the real camera.
    """
    distance = np.linalg.norm(eye)
    forward = eye / distance
    down = np.cross(forward, head[:, 0])
    down /= np.linalg.norm(down)
    rotation = np.stack([np.cross(down, forward), down, forward])
    scale = np.diag([1, 1, DISTANCE / distance])
    return View(rotation, CAMERA @ scale @ rotation @ np.linalg.inv(camera))


def patch_of(frame: np.ndarray, view: View) -> np.ndarray:
    """The patch (36, 60) uint8 of a grey `frame`, equalised."""
    return cv2.equalizeHist(cv2.warpPerspective(frame, view.warp, PATCH[::-1]))
