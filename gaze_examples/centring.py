"""Answers that are centred on a person: where the middle of the screen is for these eyes, no label has to say.

Quadrants are told from the middle of what people look at. How far open somebody's lids are, and how a camera stands
below or above them, moves all answers of a network that never saw them the same way, above all up or down. But who
looks at all of the screen looks as often up as down, and left as right. So the median of what the network answers for
a person is taken for the middle. That asks for several of the person's images at once, and for none of the labels.
"""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gaze_examples.batches import loader
from gaze_examples.data.gaze_data import GazeData
from minigrad.backend import Device
from minigrad.nn import Module

FEWEST = 20  # images of a person, from which their middle can be told


def centred(scores: np.ndarray, person: np.ndarray) -> np.ndarray:
    """The quadrants (N,) of scores (N, 4), each person's centred. person: (N,), whose image each is.

    left and down are the log-odds of the two halves, log p/(1 - p). With the softmax's p that is a difference of
    log(eˢ + eˢ'), which stays finite where a network is so sure that a p is 0. Their medians over a person's images are
    taken off. Who has fewer than FEWEST images is answered as without.
    """
    up_right, up_left, down_right, down_left = scores.T
    left = np.logaddexp(up_left, down_left) - np.logaddexp(up_right, down_right)
    down = np.logaddexp(down_right, down_left) - np.logaddexp(up_right, up_left)
    answers = scores.argmax(axis=1)
    for one in np.unique(person):
        mine = person == one
        if mine.sum() >= FEWEST:
            halves = (left[mine] > np.median(left[mine]), down[mine] > np.median(down[mine]))
            answers[mine] = halves[0] + 2 * halves[1]
    return answers


def accuracies(model: Module, data: GazeData, device: Device) -> dict[str, float]:
    """The accuracy (0..1) of centred answers on each part of the data that has images, by its name."""
    found = {}
    was_training = model.training
    model.eval()
    with mg.no_grad():
        for name, eyes in data.split.parts().items():
            batches = loader(eyes, data.labels[name], 1000, device)
            scores = [model(images).cpu().numpy() for images, _ in batches]
            if scores:
                found[name] = float((centred(np.concatenate(scores), eyes.person) == data.labels[name]).mean())
    model.train(was_training)
    return found
