"""The answers, drawn into the picture: a frame a face, its eyes, an arrow to where they look, a card with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from gaze_examples.data.eyes import QUADRANTS
from gaze_examples.photos.answers import Answer

COLOURS = ((255, 140, 66), (64, 196, 255), (255, 99, 146), (120, 220, 120))  # red, green, blue; one a quadrant
UNKNOWN, PAPER, INK, SOFT = (200, 200, 200), (22, 26, 31), (255, 255, 255), (178, 186, 194)
DIRECTIONS = ((1, -1), (-1, -1), (1, 1), (-1, 1))  # right and down, one a quadrant
SHARP = 1000  # pixels that the longer side of a small photo is enlarged to, so that the writing is sharp


def annotate(photo: np.ndarray, answers: Sequence[Answer], enlarge: bool = False) -> np.ndarray:
    """A copy of a picture (H, W, 3), blue first, with the answers drawn in. enlarge: if small, for sharp writing."""
    factor = max(1.0, SHARP / max(photo.shape[:2])) if enlarge else 1.0
    size = round(factor * photo.shape[1]), round(factor * photo.shape[0])
    drawing = _Drawing(cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC) if factor > 1 else photo.copy(), factor)
    for answer in answers:
        drawing.face(answer)
    for answer in answers:  # after all frames, so that none runs through a card
        drawing.card(answer)
    if not answers:
        drawing.notice("no face was found")
    return drawing.finished()


class _Drawing:
    """A picture on which shapes are drawn at once, and the writing, which takes a copy, at the end."""

    def __init__(self, picture: np.ndarray, factor: float) -> None:
        self.picture, self.factor = picture, factor
        self.unit = max(11, round(min(picture.shape[:2]) / 42))  # the height of the writing
        self.line = max(1, round(self.unit / 7))
        self.words: list[tuple[tuple[float, float], str, int, tuple[int, int, int], bool]] = []

    def face(self, answer: Answer) -> None:
        colour = UNKNOWN if answer.quadrant is None else COLOURS[answer.quadrant]
        x, y, width, height = (round(self.factor * number) for number in answer.face.box)
        self._corners(x, y, x + width, y + height, colour)
        if answer.face.eyes is None:
            return
        for eye in answer.face.eyes:
            x, y, width, height = (round(self.factor * number) for number in eye)
            cv2.rectangle(self.picture, (x, y), (x + width, y + height), colour[::-1], self.line, cv2.LINE_AA)
        self._arrow(answer, colour)

    def card(self, answer: Answer) -> None:
        """The quadrants with their probabilities and the answer in words, under the face if there is room."""
        unit, face = self.unit, answer.face
        title, lines = _title(answer), _lines(answer)
        cell = (round(2.6 * unit), round(1.7 * unit))
        padding, gap = round(0.7 * unit), round(0.9 * unit)
        map_width = 2 * cell[0] + gap if answer.probabilities is not None else 0
        text_width = max(_width(title, round(1.25 * unit), True), *(_width(line, unit, False) for line in lines))
        width = 2 * padding + map_width + text_width
        height = 2 * padding + max(2 * cell[1] if map_width else 0, round((1.7 + 1.4 * len(lines)) * unit))
        left = self.factor * face.box.centre[0] - width / 2
        top = self.factor * (face.box.y + face.box.height) + 0.6 * unit
        if top + height > self.picture.shape[0]:
            top = self.factor * face.box.y - height - 0.6 * unit
        left, top = self._inside(left, top, width, height)
        self._paper(left, top, width, height)
        left, top = left + padding, top + padding
        if answer.probabilities is not None:
            self._map(left, top, cell, answer.probabilities)
            left += map_width
        self.words.append(((left, top - 0.1 * unit), title, round(1.25 * unit), INK, True))
        for i, line in enumerate(lines):
            self.words.append(((left, top + (1.75 + 1.4 * i) * unit), line, unit, SOFT, False))

    def notice(self, text: str) -> None:
        unit = self.unit
        width, height = _width(text, unit, False) + 2 * unit, round(2.6 * unit)
        left, top = self._inside(
            (self.picture.shape[1] - width) / 2, self.picture.shape[0] - height - unit, width, height
        )
        self._paper(left, top, width, height)
        self.words.append(((left + unit, top + 0.65 * unit), text, unit, INK, False))

    def finished(self) -> np.ndarray:
        from PIL import Image, ImageDraw

        if not self.words:
            return self.picture
        image = Image.fromarray(self.picture[:, :, ::-1])
        pen = ImageDraw.Draw(image)
        for place, text, size, colour, bold in self.words:
            pen.text(place, text, font=_font(size, bold), fill=colour)
        return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])

    def _inside(self, left: float, top: float, width: float, height: float) -> tuple[int, int]:
        """Where a card of this size goes so that it lies in the picture, if it fits."""
        room = self.picture.shape[1] - width, self.picture.shape[0] - height
        return round(max(0, min(left, room[0]))), round(max(0, min(top, room[1])))

    def _paper(self, left: int, top: int, width: int, height: int) -> None:
        under = self.picture[top : top + height, left : left + width]
        under[:] = (0.18 * under + 0.82 * np.array(PAPER[::-1])).astype(np.uint8)

    def _map(self, left: int, top: int, cell: tuple[int, int], probabilities: np.ndarray) -> None:
        """The four quadrants as they lie in the picture, the more probable the brighter."""
        for quadrant, probability in enumerate(probabilities):
            right, down = (step > 0 for step in DIRECTIONS[quadrant])
            x, y = left + right * cell[0], top + down * cell[1]
            share = 0.12 + 0.88 * float(probability)
            colour = [round(share * c + (1 - share) * p) for c, p in zip(COLOURS[quadrant], PAPER, strict=True)]
            cv2.rectangle(self.picture, (x, y), (x + cell[0] - 2, y + cell[1] - 2), colour[::-1], -1)
            text, size = f"{100 * probability:.0f}", round(0.9 * self.unit)
            ink = PAPER if share > 0.55 else INK
            place = (x + (cell[0] - 2 - _width(text, size, True)) / 2, y + (cell[1] - 2 - 1.2 * size) / 2)
            self.words.append((place, text, size, ink, True))

    def _corners(self, left: int, top: int, right: int, bottom: int, colour: tuple[int, int, int]) -> None:
        """The frame of a face: its four corners."""
        arm = (right - left) // 5
        for x, dx in ((left, arm), (right, -arm)):
            for y, dy in ((top, arm), (bottom, -arm)):
                points = np.array([[x + dx, y], [x, y], [x, y + dy]], np.int32)
                cv2.polylines(self.picture, [points], False, colour[::-1], 2 * self.line, cv2.LINE_AA)

    def _arrow(self, answer: Answer, colour: tuple[int, int, int]) -> None:
        """From above or below the eyes towards the quadrant; with a dark rim, to be seen on any skin."""
        assert answer.face.eyes is not None and answer.quadrant is not None
        middle = np.mean([eye.centre for eye in answer.face.eyes], axis=0)
        towards = np.array(DIRECTIONS[answer.quadrant]) * answer.face.box.width
        start, end = (self.factor * (middle + towards * share) for share in ((0.06, 0.17), (0.42, 0.42)))
        a, b = (tuple(int(number) for number in point) for point in (start, end))
        for shade, thickness in (((20, 20, 20), 4 * self.line), (colour[::-1], 2 * self.line)):
            cv2.arrowedLine(self.picture, a, b, shade, thickness, cv2.LINE_AA, tipLength=0.3)


def _title(answer: Answer) -> str:
    return answer.face.problem if answer.quadrant is None else f"{answer.name}  {100 * answer.probability:.0f} %"


def _lines(answer: Answer) -> list[str]:
    """What stands below the title: how sure that is."""
    if answer.quadrant is None:
        return ["so it cannot be said where this face looks"]
    return [f"how sure: {answer.sure}", f"{100 * answer.agreement:.0f} % of the crops agree"]


@cache
def _font(size: int, bold: bool):
    from matplotlib.font_manager import FontProperties, findfont  # matplotlib brings DejaVu Sans, and Pillow
    from PIL import ImageFont

    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")), size)


def _width(text: str, size: int, bold: bool) -> int:
    return int(np.ceil(_font(size, bold).getlength(text)))


assert len(COLOURS) == len(DIRECTIONS) == len(QUADRANTS)
