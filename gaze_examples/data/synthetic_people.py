"""Fifteen people before their laptops: what differs between them, between sessions, and from frame to frame.

Nothing is drawn here. This file says where everybody sits, looks and blinks, in millimetres and radians;
`eye_renderer` turns it into pixels. Measures without another source were set so that the distribution of gaze angles
and the difficulty of the task come out as in MPIIGaze (Zhang et al., "MPIIGaze", TPAMI 2019).

Camera coordinates: millimetres, origin at the camera, x right and y down in the image, z away from the camera towards
the person. The screen lies in the plane z = 0, and what the camera has on its left the person has on the right.
Eye 0 is the one on the left of the image (the person's right eye), eye 1 the one on the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

POPULATION = 15  # as many as in MPIIGaze
GLASSES_WEARERS = (2, 6, 10, 13)  # spread, so that people held out for a test are as mixed as the rest
LIGHT_EYED = (1, 4, 7, 9, 12)  # blue, green or grey; the others are brown-eyed

SCREEN_WIDTHS = (287.0, 345.0)  # mm: laptops of 13 to 15.6 inches
SCREEN_ASPECT = 0.61  # height over width, between 16:10 and 16:9 with the bezel
CAMERA_ABOVE_SCREEN = 6.0  # mm from the camera down to the first row of pixels
HEAD_DISTANCE = (620.0, 60.0)  # mm, mean and deviation
EYE_SPACING = 62.0  # mm between the two pupils

# Pitch of the middle of a middling screen from a middling distance, -9.3 degrees: where an observer who knows neither
# would split up from down.
NOMINAL_PITCH = -float(np.arctan((CAMERA_ABOVE_SCREEN + SCREEN_ASPECT * np.mean(SCREEN_WIDTHS) / 2) / HEAD_DISTANCE[0]))

SHARED_JITTER = 1.0  # px, deviation of the crop of both eyes together
OWN_JITTER = 1.3  # px, and of each eye alone: together the error of a landmark detector
SCALE_ERROR = 0.06  # of the size of the crop
SQUINT = 0.09  # deviation of how far the lids are open, 1 at rest
ROLL_ERROR = np.radians(2.5)
FIXATION_ERROR = np.radians(1.5)  # people do not look exactly at the point they were asked to look at
FAILURES = 0.03  # share of frames with a blink or with landmarks somewhere else


@dataclass(frozen=True)
class Person:
    """What stays the same from session to session. Brightness is 0 (black) to 1 (white)."""

    screen_width: float  # mm
    half_width: float  # mm, half the distance between the corners of an eye
    upper_lid: float  # mm, height of the upper lid above the line through the corners, looking straight ahead
    lower_lid: float  # mm, depth of the lower lid below it
    tilt: float  # radians by which the outer corner is higher than the inner one
    lid_skew: float  # how far the summit of the upper lid lies towards the nose
    iris_radius: float  # mm
    pupil: float  # radius of the pupil over that of the iris
    iris: float  # brightness
    sclera: float  # brightness
    skin: float  # brightness
    crease_height: float  # mm from the upper lid to the fold above it
    crease: float  # darkness of the fold
    brow_height: float  # mm from the corners up to the middle of the brow
    brow: float  # darkness of the brow
    lashes: float  # darkness of the lashes
    bags: float  # darkness of the furrow under the eye
    socket: float  # darkness of the hollow between eye, brow and nose
    texture: float  # contrast of the skin's texture
    kappa: tuple[float, float]  # radians from the eyeball's axis to the line of sight, towards the nose and up
    lens: tuple[float, float] | None  # mm, half width and half height of a lens; None without glasses
    rim: float  # darkness of the glasses' rim


@dataclass(frozen=True)
class Shadow:
    """What nose, brow or hair keep from the light: all that lies beyond a straight soft edge."""

    angle: float  # radians clockwise from the right of the image, the direction in which it gets darker
    edge: float  # mm from the middle of the eye
    softness: float  # mm from full light to full shadow
    depth: float  # share of the light that is missing


@dataclass(frozen=True)
class Session:
    """What stays the same while a person sits in one place."""

    head: np.ndarray  # (3,) mm, the point between the eyes, in camera coordinates
    head_yaw: float  # radians, signs as for gaze
    head_pitch: float  # radians
    side_light: float  # relative gain of brightness over 20 mm to the right of the image
    top_light: float  # relative gain of brightness over 20 mm up
    shadow: Shadow
    ambient: float  # brightness of the haze that is added everywhere
    lamp: tuple[float, float]  # mm, where the light's glint lies on an eye that looks into the camera
    blur: float  # px, deviation of the Gaussian blur
    noise: float  # deviation of the sensor's noise, in units of brightness
    slip: float  # mm by which the glasses have slipped down


@dataclass(frozen=True)
class Frames:
    """n photographs of one session. The axis of length 2 after n, where there is one, is eye 0 and eye 1."""

    gaze: np.ndarray  # (n, 2) radians, yaw and pitch from the eyes to the target, mean of both
    quadrant: np.ndarray  # (n,) uint8, of the target on the screen
    oracle: np.ndarray  # (n,) uint8, see `sample_frames`
    axis: np.ndarray  # (n, 2, 2) radians, yaw and pitch of each eyeball's own axis
    shift: np.ndarray  # (n, 2, 2) px, right and down, of each eye in its crop
    scale: np.ndarray  # (n,) size of the eye in the crop, 1 when right
    roll: np.ndarray  # (n,) radians, clockwise in the image
    opening: np.ndarray  # (n,) of the lids, 1 at rest and 0 closed
    glint: np.ndarray  # (n,) brightness of the reflection on the cornea
    reflection: np.ndarray  # (n,) brightness of the reflection on the lens of the glasses, where there are any


def random_stream(seed: int, number: int, purpose: Literal["looks", "frames"]) -> np.random.Generator:
    """A generator of its own for each person and purpose, so that nobody's numbers depend on who else is drawn."""
    return np.random.default_rng(np.random.SeedSequence([seed, number, 1 if purpose == "looks" else 2]))


def sample_person(seed: int, number: int) -> Person:
    """Person `number` of the population `seed`."""
    rng = random_stream(seed, number, "looks")
    kind = number % POPULATION
    return Person(
        screen_width=rng.uniform(*SCREEN_WIDTHS),
        half_width=rng.normal(14.3, 0.8),
        upper_lid=max(rng.normal(6.2, 0.9), 4.4),
        lower_lid=rng.normal(3.4, 0.5),
        tilt=np.radians(rng.normal(3, 3)),
        lid_skew=rng.uniform(0.0, 0.25),
        iris_radius=rng.normal(5.85, 0.18),
        pupil=rng.uniform(0.28, 0.45),
        iris=rng.uniform(0.2, 0.4) if kind in LIGHT_EYED else rng.uniform(0.07, 0.16),
        sclera=rng.uniform(0.6, 0.85),
        skin=rng.uniform(0.55, 0.85),
        crease_height=max(rng.normal(3.4, 0.5), 2.0),
        crease=rng.uniform(0.1, 0.5),
        brow_height=rng.normal(17, 1.2),
        brow=rng.uniform(0.3, 0.7),
        lashes=rng.uniform(0.55, 0.95),
        bags=rng.uniform(0.03, 0.25),
        socket=rng.uniform(0.15, 0.5),
        texture=rng.uniform(0.01, 0.05),
        kappa=(np.radians(rng.normal(4.5, 1.6)), np.radians(rng.normal(1.5, 1.2))),
        lens=(rng.uniform(21, 26), rng.uniform(9, 13)) if kind in GLASSES_WEARERS else None,
        rim=rng.uniform(0.5, 0.9),
    )


def sample_session(rng: np.random.Generator) -> Session:
    """One place and time: laptop on a desk or on the knees, by a window or under a lamp."""
    return Session(
        head=np.array([rng.normal(0, 30), rng.normal(20, 30), max(rng.normal(*HEAD_DISTANCE), 450)]),
        head_yaw=np.radians(rng.normal(0, 4.5)),
        head_pitch=np.radians(rng.normal(0, 3)),
        side_light=rng.normal(0, 0.4),
        top_light=rng.normal(-0.05, 0.25),
        shadow=Shadow(rng.uniform(-np.pi, np.pi), rng.normal(0, 8), rng.uniform(3, 15), rng.uniform(0, 0.5)),
        ambient=rng.uniform(0.0, 0.25),
        lamp=(rng.normal(0, 1.5), rng.normal(-1.0, 0.8)),
        blur=rng.uniform(0.5, 1.1),
        noise=0.004 + rng.exponential(0.012),
        slip=rng.normal(0, 1.0),
    )


def sample_frames(person: Person, session: Session, n: int, rng: np.random.Generator) -> Frames:
    """n frames with the target anywhere on the screen.

    `oracle` is the answer of an observer who sees the yaw and pitch at which the two eyes really point (mean of both
    lines of sight, so with the fixation error but without kappa), and who knows neither the screen's size nor where
    the head is: yaw is split at 0 and pitch at NOMINAL_PITCH. In a failed frame it answers one of the four by chance.
    """
    height = SCREEN_ASPECT * person.screen_width
    target = np.zeros((n, 3))
    target[:, 0] = rng.uniform(-0.5, 0.5, n) * person.screen_width
    target[:, 1] = CAMERA_ABOVE_SCREEN + rng.uniform(0, 1, n) * height
    eyes = session.head + np.array([[-EYE_SPACING / 2, 0, 0], [EYE_SPACING / 2, 0, 0]])
    gaze = gaze_angles(eyes, target[:, None])
    sight = gaze + rng.normal(0, FIXATION_ERROR, (n, 1, 2))

    opening = np.clip(rng.normal(1, SQUINT, n), 0.5, 1.4)
    shift = rng.normal(0, SHARED_JITTER, (n, 1, 2)) + rng.normal(0, OWN_JITTER, (n, 2, 2))
    fails, blinks = rng.random(n) < FAILURES, rng.random(n) < 0.5
    opening = np.where(fails & blinks, rng.uniform(0, 0.15, n), opening)
    shift += np.where(fails & ~blinks, 1.0, 0.0)[:, None, None] * rng.normal(0, 8, (n, 1, 2))
    seen = quadrants(sight.mean(1), (0.0, NOMINAL_PITCH))

    # Towards the nose is right in the image, so negative yaw, for eye 0, and left for eye 1.
    kappa = np.array([[-person.kappa[0], person.kappa[1]], [person.kappa[0], person.kappa[1]]])
    return Frames(
        gaze=gaze.mean(1),
        quadrant=screen_quadrants(target, person.screen_width),
        oracle=np.where(fails, rng.integers(0, 4, n), seen).astype(np.uint8),
        axis=sight - kappa,
        shift=shift,
        scale=np.exp(rng.normal(0, SCALE_ERROR, n)),
        roll=rng.normal(0, ROLL_ERROR, n),
        opening=opening,
        glint=np.where(rng.random(n) < 0.8, rng.uniform(0.2, 1.0, n), 0.0),
        reflection=np.where(rng.random(n) < 0.3, rng.uniform(0.1, 0.5, n), 0.0),
    )


def gaze_angles(eye: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Yaw and pitch in radians, (..., 2), of the line from `eye` to `target`, (..., 3) mm in camera coordinates.

    They are those of the normalised camera, turned so that it looks straight at the eye (Sugano et al., CVPR 2014):
    an eye that looks into the camera has yaw = pitch = 0 wherever the head is.
    """
    z = eye / np.linalg.norm(eye, axis=-1, keepdims=True)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    y = np.cross(z, x)
    sight = target - eye
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    along_x, along_y, along_z = ((sight * axis).sum(-1) for axis in (x, y, z))
    return np.stack([np.arctan2(-along_x, -along_z), np.arcsin(-along_y)], axis=-1)


def quadrants(gaze: np.ndarray, origin: tuple[float, float]) -> np.ndarray:
    """Labels (n,) uint8 of (yaw, pitch) pairs (n, 2), numbered as in `eyes`, about an origin (yaw, pitch)."""
    down, positive = gaze[:, 1] < origin[1], gaze[:, 0] >= origin[0]
    return (2 * down + positive).astype(np.uint8)


def screen_quadrants(target: np.ndarray, screen_width: float) -> np.ndarray:
    """Labels (n,) uint8 of points (n, 3) on the screen, in camera coordinates, about the middle of the screen.

    Positive yaw is towards negative x: the left of the image, the right half of the screen for who sits before it.
    """
    middle = CAMERA_ABOVE_SCREEN + SCREEN_ASPECT * screen_width / 2
    down, positive = target[:, 1] > middle, target[:, 0] <= 0
    return (2 * down + positive).astype(np.uint8)
