"""What a network says about the eyes, over many crops."""

from __future__ import annotations

import json

import numpy as np

import minigrad as mg
from gaze_examples.photos import answers
from gaze_examples.photos.answers import Answer, answer, crops, look, probabilities
from gaze_examples.photos.faces import Box, Face, eye_pair, find_faces
from gaze_examples.photos.files import grey_of
from minigrad import nn


class BySeen(nn.Module):
    """Quadrant 3 for the first images, quadrant 0 for the rest."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first
        self.scale = nn.Parameter(mg.tensor(2.0))

    def forward(self, images):
        is_first = (mg.arange(len(images)) < self.first).float()
        return mg.stack([1 - is_first, 0 * is_first, 0 * is_first, is_first], dim=1) * self.scale


def test_the_answer_is_the_mean_over_the_crops(portrait, model):
    grey = grey_of(portrait)
    (face,) = find_faces(grey)
    each = probabilities(model, crops(grey, face.eyes))
    found = answer(model, grey, face)
    np.testing.assert_allclose(found.probabilities, each.mean(axis=0))
    assert found.quadrant == each.mean(axis=0).argmax() and found.name == answers.QUADRANTS[found.quadrant]
    np.testing.assert_allclose(found.probabilities.sum(), 1, rtol=1e-6)


def test_agreement_is_the_share_of_crops_that_say_the_same(portrait):
    grey = grey_of(portrait)
    (face,) = find_faces(grey)
    found = answer(BySeen(first=20), grey, face)
    assert found.quadrant == 3 and found.agreement == 20 / 25
    assert found.quality == 20 / 25 * face.plausibility and found.sure == "medium"
    assert answer(BySeen(first=25), grey, face).sure == "high"
    assert answer(BySeen(first=25), grey, face._replace(plausibility=0.3)).sure == "low"


def test_the_first_crop_is_as_found_and_the_others_lie_beside(portrait):
    grey = grey_of(portrait)
    (face,) = find_faces(grey)
    pairs = crops(grey, face.eyes)
    np.testing.assert_array_equal(pairs[0], eye_pair(grey, face.eyes))
    assert len(np.unique(pairs, axis=0)) == len(pairs) == answers.CROPS
    np.testing.assert_array_equal(crops(grey, face.eyes), pairs)


def test_looking_twice_or_after_other_random_numbers_gives_the_same(portrait, model):
    first = look(model, grey_of(portrait))
    np.random.default_rng().random()
    mg.rand(3)
    again = look(model, grey_of(portrait))
    assert [one.as_dict() for one in first] == [one.as_dict() for one in again]


def test_both_of_two_faces_are_answered(pair, model):
    assert [one.quadrant is not None for one in look(model, grey_of(pair))] == [True, True]


def test_an_answer_as_json():
    face = Face(Box(1.04, 2, 30, 30), (Box(5, 6, 7, 7), Box(15, 6, 7, 7)), 0.9, "")
    shares = np.array([0.1, 0.7, 0.15, 0.05], np.float32)
    about = json.loads(json.dumps(Answer(face, shares, 0.8).as_dict()))
    assert about["quadrant"] == 1 and about["name"] == "up left" and about["probabilities"] == [0.1, 0.7, 0.15, 0.05]
    assert about["quality"] == 0.72 and about["sure"] == "medium" and about["problem"] is None
    assert about["face"] == {"x": 1.0, "y": 2.0, "width": 30.0, "height": 30.0} and len(about["eyes"]) == 2


def test_no_eyes_are_no_answer_and_the_json_says_why():
    about = json.loads(json.dumps(Answer(Face(Box(0, 0, 9, 9), None, 0, "no eyes were found"), None, 0).as_dict()))
    assert about.pop("problem") == "no eyes were found" and about.pop("face")["width"] == 9
    assert set(about.values()) == {None}
