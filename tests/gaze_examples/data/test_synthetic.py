"""The synthetic eyes: the same for the same seed, balanced, with the angles and the grey values of MPIIGaze."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gaze_examples.data.eye_renderer import (
    CENTRE_HEIGHT,
    PATCH_WIDTH,
    PIXELS_PER_MM,
    EyePainter,
    Lids,
    face_points,
    sight_vectors,
)
from gaze_examples.data.eyes import EyeSet
from gaze_examples.data.synthetic import render
from gaze_examples.data.synthetic_people import (
    CAMERA_ABOVE_SCREEN,
    HEAD_DISTANCE,
    POPULATION,
    SCREEN_ASPECT,
    gaze_angles,
    quadrants,
    sample_frames,
    sample_person,
    sample_session,
    screen_quadrants,
)


@pytest.fixture(scope="module")
def eyes() -> EyeSet:
    return render(range(POPULATION), 60, workers=1)


def assert_same(a: EyeSet, b: EyeSet) -> None:
    for name in ("images", "gaze", "quadrant", "oracle"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_columns_have_the_shapes_and_types_of_an_eye_set(eyes):
    n = 60 * POPULATION
    assert (eyes.images.shape, eyes.images.dtype) == ((n, 36, 120), np.uint8)
    assert (eyes.gaze.shape, eyes.gaze.dtype) == ((n, 2), np.float32)
    assert (eyes.person.shape, eyes.person.dtype) == ((n,), np.int16)
    assert (eyes.quadrant.shape, eyes.quadrant.dtype) == ((n,), np.uint8)
    assert (eyes.oracle.shape, eyes.oracle.dtype) == ((n,), np.uint8)
    assert eyes.people[0] == "p00" and eyes.people[14] == "p14"
    assert "synthetic" in eyes.source
    np.testing.assert_array_equal(np.bincount(eyes.person), 60)


def test_the_same_seed_gives_the_same_pairs_and_another_gives_others(eyes):
    again = render([3], 60, workers=1)
    assert_same(again, eyes[eyes.person == 3])
    assert (render([3], 60, seed=1, workers=1).images != again.images).mean() > 0.9


def test_a_person_does_not_depend_on_who_else_is_rendered_or_in_which_order():
    together = render([7, 2], 10, workers=1)
    assert together.people == ("p07", "p02")
    assert_same(together[:10], render([7], 10, workers=1))
    assert_same(together[10:], render([2], 10, workers=1))


def test_the_images_do_not_depend_on_the_workers(eyes):
    assert_same(render([0, 1], 60, workers=2), eyes[eyes.person < 2])


@pytest.mark.skipif(os.name == "nt", reason="sends the signal of a terminal's Ctrl-C")
@pytest.mark.parametrize(("per_person", "handler", "last_words"), [
    (20_000, "default_int_handler", "stopped"),
    (100, "SIG_IGN", "400 pairs"),  # as in a script, after `&`
])  # fmt: skip
@pytest.mark.parametrize("delay", [0.0, 0.3])
def test_ctrl_c_ends_the_workers_without_a_word_of_theirs(per_person, handler, last_words, delay):
    script = (
        "import signal\n"
        "from gaze_examples.data import synthetic\n"
        f"signal.signal(signal.SIGINT, signal.{handler})\n"
        "print('now', flush=True)\n"
        f"try: print(len(synthetic.render(range(4), {per_person}, workers=2)), 'pairs')\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, cwd=Path(__file__).parents[3],
    ) as parent:  # fmt: skip
        assert parent.stdout.readline() == "now\n"
        time.sleep(0.05 + delay)
        os.killpg(parent.pid, signal.SIGINT)
        said, complained = parent.communicate(timeout=20)
    assert (said, complained) == (f"{last_words}\n", "")


def test_progress_counts_the_pairs_that_are_done():
    done = []
    render([0, 1, 2], 4, workers=1, progress=done.append)
    assert done == [4, 8, 12]


def test_opencv_keeps_the_callers_number_of_threads():
    before = cv2.getNumThreads()

    def fail(done: int) -> None:
        raise KeyboardInterrupt

    try:
        cv2.setNumThreads(3)
        expected = cv2.getNumThreads()
        render([0], 2, workers=1)
        assert cv2.getNumThreads() == expected
        with pytest.raises(KeyboardInterrupt):
            render([0, 1], 2, workers=1, progress=fail)
        assert cv2.getNumThreads() == expected
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize("people, per_person", [([], 5), ([1, 1], 5), ([-1], 5), ([0], 0)])
def test_impossible_requests_are_refused(people, per_person):
    with pytest.raises(ValueError, match="render: "):
        render(people, per_person)


def test_slicing_takes_all_columns_along(eyes):
    part = eyes[eyes.quadrant == 2]
    assert isinstance(part, EyeSet) and 0 < len(part) < len(eyes)
    assert (part.quadrant == 2).all()
    assert len(part.images) == len(part.gaze) == len(part.person) == len(part.oracle) == len(part)
    assert part.people == eyes.people


def many_frames(n: int = 600):
    """Gaze, quadrant and oracle of many frames: the geometry costs next to nothing without the painting."""
    rng = np.random.default_rng(0)
    frames = [
        sample_frames(sample_person(0, number), sample_session(rng), n // 6, rng)
        for number in range(POPULATION)
        for _ in range(24)
    ]
    return tuple(np.concatenate([getattr(f, name) for f in frames]) for name in ("gaze", "quadrant", "oracle"))


def test_quadrants_are_balanced():
    _, quadrant, _ = many_frames()
    np.testing.assert_allclose(np.bincount(quadrant, minlength=4) / len(quadrant), 0.25, atol=0.01)


def test_gaze_angles_have_the_percentiles_of_mpiigaze():
    gaze, _, _ = many_frames()
    yaw, pitch = np.degrees(np.percentile(gaze, [1, 50, 99], axis=0)).T
    np.testing.assert_allclose(yaw, [-16, 0, 16], atol=1.5)
    np.testing.assert_allclose(pitch, [-20, -9, -1], atol=1)


def test_the_oracle_is_good_but_not_perfect():
    _, quadrant, oracle = many_frames()
    assert 0.84 < (quadrant == oracle).mean() < 0.91


def test_screen_quadrants_agree_with_gaze_angles_for_a_perfect_centred_observer():
    width = 316.0
    middle = CAMERA_ABOVE_SCREEN + SCREEN_ASPECT * width / 2
    across, down = np.meshgrid([-0.45, -0.2, 0.2, 0.45], [-0.45, -0.2, 0.2, 0.45])
    target = np.stack([across.ravel() * width, middle + down.ravel() * SCREEN_ASPECT * width, np.zeros(16)], axis=1)
    eye = np.array([0.0, 0.0, HEAD_DISTANCE[0]])
    centre = gaze_angles(eye, np.array([0.0, middle, 0.0]))
    np.testing.assert_array_equal(quadrants(gaze_angles(eye, target), tuple(centre)), screen_quadrants(target, width))


@pytest.mark.parametrize("target, label", [((90, 40, 0), 0), ((-90, 40, 0), 1), ((90, 160, 0), 2), ((-90, 160, 0), 3)])
def test_the_left_of_the_camera_is_positive_yaw(target, label):
    """From yaw = atan2(-x, -z) and pitch = asin(-y), for an eye straight before the camera."""
    direction = np.array(target) - (0, 0, 620)
    x, y, z = direction / np.linalg.norm(direction)
    yaw, pitch = gaze_angles(np.array([0.0, 0.0, 620.0]), np.array(target, float))
    np.testing.assert_allclose([yaw, pitch], [np.arctan2(-x, -z), np.arcsin(-y)])
    assert screen_quadrants(np.array([target]), 316.0) == label


def test_an_eye_that_looks_into_the_camera_has_no_angle_wherever_the_head_is():
    np.testing.assert_allclose(gaze_angles(np.array([120.0, -80.0, 500.0]), np.zeros(3)), 0, atol=1e-12)


def darkest_point(images: np.ndarray) -> np.ndarray:
    """Column and row, (n, 2), of the middle of what is nearly black around the middle of the left patch: the iris."""
    row, column = np.mgrid[8:28, 14:46]
    dark = images[:, 8:28, 14:46] < 40
    return np.stack([(dark * axis).sum((1, 2)) / dark.sum((1, 2)) for axis in (column, row)], axis=1)


def test_the_iris_moves_where_the_eye_looks():
    """Positive yaw is to the left of the image and negative pitch is down; nothing else differs between the frames."""
    rng = np.random.default_rng(0)
    person, session = replace(sample_person(0, 6), iris=0.1), replace(sample_session(rng), blur=0.5, noise=0.0)
    axis = np.radians([[[12, -5]] * 2, [[-12, -5]] * 2, [[0, 0]] * 2, [[0, -15]] * 2])
    frames = replace(sample_frames(person, session, 4, rng), axis=axis, shift=np.zeros((4, 2, 2)), opening=np.ones(4))
    frames = replace(frames, scale=np.ones(4), roll=np.zeros(4), glint=np.zeros(4))
    left, right, up, down = darkest_point(EyePainter(person, rng).paint(session, frames, rng))
    assert right[0] - left[0] > 4
    assert down[1] - up[1] > 1


def test_pixels_have_the_mean_and_deviation_of_real_ones(eyes):
    assert abs(eyes.images.mean() - 128) < 2
    assert abs(eyes.images.std() - 74) < 2


def test_each_eye_is_histogram_equalised(eyes):
    """In an equalised patch, the share of pixels up to a grey value is that value over 255."""
    patches = np.stack([eyes.images[:, :, :60], eyes.images[:, :, 60:]]).reshape(-1, 36 * 60)
    assert (patches.max(1) == 255).all()
    for grey in (64, 128, 192):
        assert np.median(abs((patches <= grey).mean(1) - grey / 255)) < 0.02


def test_four_of_fifteen_wear_glasses():
    assert sum(sample_person(0, number).lens is not None for number in range(POPULATION)) == 4


def looking(*pitch: float):
    """A person, a session and frames in which the eyes look straight ahead but for the pitch, in degrees."""
    rng = np.random.default_rng(0)
    person = replace(sample_person(0, 6), iris=0.1, tilt=0.0, kappa=(0.0, 0.0))
    session = replace(sample_session(rng), blur=0.5, noise=0.0, head_yaw=0.0, head_pitch=0.0)
    n = len(pitch)
    axis = np.radians([[[0, down]] * 2 for down in pitch])
    frames = replace(sample_frames(person, session, n, rng), axis=axis, shift=np.zeros((n, 2, 2)), opening=np.ones(n))
    return person, session, replace(frames, scale=np.ones(n), roll=np.zeros(n), glint=np.zeros(n)), rng


def test_the_slit_between_the_lids_narrows_as_has_been_measured():
    """By 3.3 mm when the eye looks 40 degrees down: Read et al., Optom. Vis. Sci. 2006, from 9.7 to 6.4 mm."""
    person, session, frames, _ = looking(0, -40)
    x, y = face_points(frames, 0)
    lids = Lids(person, session, frames, sight_vectors(frames.axis[:, 0]), x, y)
    ahead, down = lids.open[:, :, PATCH_WIDTH // 2].sum(axis=1) / PIXELS_PER_MM
    assert 2.5 < ahead - down < 4.1


def test_an_eye_that_looks_ahead_lies_above_the_line_between_its_corners():
    """The middle of the crop is on that line; the lids hide a part of the iris, so its middle is not seen exactly."""
    person, session, frames, rng = looking(0)
    ((_, row),) = darkest_point(EyePainter(person, rng).paint(session, frames, rng))
    assert abs((17.5 - row) / PIXELS_PER_MM - CENTRE_HEIGHT) < 0.6
