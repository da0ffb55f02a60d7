"""Paints eyes: what `synthetic_people` says of a person, a session and its frames becomes 36 x 120 grey images.

Every layer is a smooth function of the point of the face, in millimetres, that a pixel shows, so edges come out
anti-aliased without drawing anything larger, and one NumPy call paints a layer of many frames. Layers go on as on an
easel: skin, eyeball, lashes; then the light, glints, glasses; then the camera's blur and noise; and histogram
equalisation of each eye last, as in MPIIGaze.

Arrays are float32 (n, 36, 60), n frames of one eye, unless said otherwise; brightness is 0 (black) to 1 (white), and
`sight` holds the unit vectors, (n, 1, 1) each, along which the eyeballs point.
"""

from __future__ import annotations

import cv2
import numpy as np

from gaze_examples.data.eyes import HEIGHT, WIDTH
from gaze_examples.data.synthetic_people import Frames, Person, Session

PATCH_WIDTH = WIDTH // 2
PIXELS_PER_MM = 1.6  # the normalised camera: a focal length of 960 px at 600 mm

ROTATION_RADIUS = 10.4  # mm from the eyeball's centre of rotation to the iris
CORNERS_DEPTH = 4.0  # mm by which the corners of the lids lie before that centre
CENTRE_HEIGHT = 2.4  # mm by which it lies above them, as measured in photographs: the corners lie low
CORNEA_CENTRE = 5.3  # mm from the eyeball's centre to the cornea's centre of curvature
GLINT = 0.55  # mm, width of a lamp's reflection on the cornea
# mm a lid moves down when the iris moves down 1 mm. Upper lid and eye move nearly alike (Becker & Fuchs, J.
# Neurophysiol. 1988); the slit between the lids narrows by 3.3 mm over 40 degrees (Read et al., Optom. Vis. Sci. 2006).
UPPER_LID_FOLLOWS = 0.9
LOWER_LID_FOLLOWS = 0.45
EDGE = 0.6  # mm, about a pixel, over which the skin gives way to the eyeball

SKIN_REACH = 32.0  # mm from the middle of the eye to the border of the skin map
SKIN_RESOLUTION = 2.0  # px of the skin map per mm
LASH_REACH = (2.0, 4.5)  # mm below and above the edge of the lid that lashes can cover
LASH_RESOLUTION = 8.0  # px of the lash strip per mm
LASHES = 90  # on an upper lid

Vectors = tuple[np.ndarray, np.ndarray, np.ndarray]  # x right, y down, z towards the camera


class EyePainter:
    """Paints one person's eyes. Skin and lashes are drawn once and laid on that person's face in every frame."""

    def __init__(self, person: Person, rng: np.random.Generator):
        self.person = person
        self.skin_maps = [skin_map(person, rng) for _ in range(2)]
        self.lash_strips = [lash_strip(person, rng) for _ in range(2)]

    def paint(self, session: Session, frames: Frames, rng: np.random.Generator) -> np.ndarray:
        """The images (n, 36, 120) uint8 of n frames of one session. A few dozen at a time stay in the cache."""
        return np.concatenate([self._paint_eye(session, frames, eye, rng) for eye in (0, 1)], axis=2)

    def _paint_eye(self, session: Session, frames: Frames, eye: int, rng: np.random.Generator) -> np.ndarray:
        person = self.person
        x, y = face_points(frames, eye)
        nasal = x if eye == 0 else -x
        right, down = from_eyeball(session, x, y)
        sight = sight_vectors(frames.axis[:, eye])
        lids = Lids(person, session, frames, sight, nasal, y)

        image = skin(person, lids, nasal, y)
        image *= self._texture(nasal, y, eye)
        image += lids.open * (eyeball(person, sight, lids, right, down) - image)
        image *= 1 - person.lashes * self._lashes(lids, eye)
        image *= light(session, x, y)
        image += lids.open * glint(session, frames, sight, right, down)
        if person.lens:
            image = behind_glasses(image, person.lens, person.rim, session, frames, x, nasal, y)
        return develop(image + session.ambient, session, rng)

    def _texture(self, nasal: np.ndarray, y: np.ndarray, eye: int) -> np.ndarray:
        return sample(self.skin_maps[eye], SKIN_RESOLUTION * (nasal + SKIN_REACH), SKIN_RESOLUTION * (y + SKIN_REACH))

    def _lashes(self, lids: Lids, eye: int) -> np.ndarray:
        along = (lids.along + 1.1) * self.person.half_width
        return sample(self.lash_strips[eye], LASH_RESOLUTION * along, LASH_RESOLUTION * (lids.above + LASH_REACH[0]))


def per_frame(values: np.ndarray | float) -> np.ndarray:
    """Values (n,) as float32 (n, 1, 1), to meet images."""
    return np.asarray(values, np.float32).reshape(-1, 1, 1)


def face_points(frames: Frames, eye: int) -> tuple[np.ndarray, np.ndarray]:
    """Which point of the face each pixel shows: mm to the right and down from the middle between the eye's corners."""
    row, column = np.mgrid[:HEIGHT, :PATCH_WIDTH].astype(np.float32)
    right = column - (PATCH_WIDTH - 1) / 2 - per_frame(frames.shift[:, eye, 0])
    down = row - (HEIGHT - 1) / 2 - per_frame(frames.shift[:, eye, 1])
    cos = per_frame(np.cos(frames.roll) / (PIXELS_PER_MM * frames.scale))
    sin = per_frame(np.sin(frames.roll) / (PIXELS_PER_MM * frames.scale))
    return cos * right + sin * down, cos * down - sin * right


def from_eyeball(session: Session, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """mm to the right and down from the eyeball's centre.

    The crop is centred on the corners of the lids, and a turned head carries those away from before that centre.
    """
    return (
        x - np.float32(CORNERS_DEPTH * np.sin(session.head_yaw)),
        y - np.float32(CORNERS_DEPTH * np.sin(session.head_pitch) - CENTRE_HEIGHT),
    )


def sight_vectors(angles: np.ndarray) -> Vectors:
    """Unit vectors x (right), y (down), z (towards the camera), (n, 1, 1) each, of angles (n, 2) yaw and pitch."""
    yaw, pitch = angles[:, 0], angles[:, 1]
    return per_frame(-np.sin(yaw) * np.cos(pitch)), per_frame(-np.sin(pitch)), per_frame(np.cos(yaw) * np.cos(pitch))


def bump(distance: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """A Gaussian hill, 1 at distance 0 and 0.6 at `width`."""
    hill = distance / width
    hill *= hill
    hill *= -0.5
    return np.exp(hill, out=hill)


def step(distance: np.ndarray, width: float) -> np.ndarray:
    """From 0 to 1 over `width` about distance 0."""
    return np.clip(distance / width + 0.5, 0, 1)


def sample(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`picture` (h, w) float32 at x (columns) and y (rows), its border continued."""
    rows = cv2.remap(
        picture,
        x.reshape(-1, PATCH_WIDTH),
        y.reshape(-1, PATCH_WIDTH),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return rows.reshape(x.shape)


class Lids:
    """Where the lids are in n frames, as seen from every pixel.

    along: along the eye, -1 at the outer corner, 1 at the inner one.
    arch: how far the lids bend apart there, 0 at the corners, 1 in the middle.
    above: mm above the edge of the upper lid.
    above_rest: mm above where that edge is when the eye looks straight ahead: the fold stays there.
    below: mm below the edge of the lower lid.
    open: 1 between the lids and 0 outside.
    """

    def __init__(
        self, person: Person, session: Session, frames: Frames, sight: Vectors, nasal: np.ndarray, y: np.ndarray
    ):
        line = y - np.float32(np.tan(person.tilt)) * nasal
        self.along = nasal / np.float32(person.half_width * np.cos(session.head_yaw))
        inside = np.clip(1 - self.along**2, 0, None)
        self.arch = inside ** np.float32(0.8)

        # Lids follow the eye in the head, so the head's own pitch is taken off.
        iris_down = ROTATION_RADIUS * (sight[1] + np.float32(np.sin(session.head_pitch)))
        opening = per_frame(frames.opening)
        upper = (person.upper_lid - UPPER_LID_FOLLOWS * iris_down) * opening
        lower = (person.lower_lid + LOWER_LID_FOLLOWS * iris_down) * opening
        upper = np.maximum(upper, 0.3 - lower)  # closed lids touch
        summit = 1 + np.float32(person.lid_skew) * self.along

        self.above = -line - upper * self.arch * summit
        self.above_rest = -line - np.float32(person.upper_lid) * self.arch * summit
        self.below = line - lower * self.arch * (1 - 0.15 * self.along)
        between, within = -np.maximum(self.above, self.below), (1 - np.abs(self.along)) * person.half_width
        self.open = step(between, EDGE) * step(within, EDGE)


def skin(person: Person, lids: Lids, nasal: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Lids, fold, hollow, brow and cheek, without texture, in even light.

    Each line is a hill or a furrow: darkness, times where it lies and how wide it is in mm, set by eye beside
    photographs of MPIIGaze.
    """
    shade = 1 - person.socket * bump(nasal - 15, 7) * bump(y + 7, 6)  # hollow between the eye and the nose
    shade -= 0.6 * person.socket * bump(nasal + 19, 6) * bump(y - 1, 7)  # the face turns away at the temple
    shade += 0.12 * step(y - 8, 12)  # cheek

    fold = lids.above_rest - person.crease_height * (0.35 + 0.65 * lids.arch)
    shade += 0.1 * bump(lids.above - 2.2, 1.2) * step(-fold, 1.5)  # the lid bulges over the eyeball
    shade -= person.crease * (bump(fold, 0.55) + 0.4 * bump(fold - 1, 1.8)) * step(1.25 - np.abs(lids.along), 0.4)
    shade += 0.15 * bump(fold - 4.5, 2) * lids.arch  # and again under the brow

    outside = np.maximum(np.maximum(lids.above, lids.below), 0)
    shade -= person.socket * bump(outside, 3.5) * (0.15 + 0.6 * bump(np.abs(lids.along) - 1, 0.3))  # sunk round the eye
    shade += 0.1 * bump(lids.below - 0.6, 0.5) * lids.arch  # wet edge of the lower lid
    shade -= 0.35 * person.lashes * bump(lids.below - 1.6, 0.7) * lids.arch  # lower lashes
    shade -= person.bags * (bump(lids.below - 4.5, 1.2) + 0.5 * bump(lids.below - 2, 3)) * bump(lids.along - 0.2, 0.7)
    shade -= 0.3 * bump(np.abs(lids.along) - 1, 0.06) * bump(outside, 0.7)  # corners

    brow = y + person.brow_height - 0.1 * nasal
    shade *= 1 - person.brow * bump(brow, 3) * step(16 - np.abs(nasal), 6)
    return person.skin * shade


def eyeball(person: Person, sight: Vectors, lids: Lids, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Sclera, iris and pupil, in the shadow of the lid; right and down in mm from the eyeball's centre."""
    right, down = right - ROTATION_RADIUS * sight[0], down - ROTATION_RADIUS * sight[1]
    # The iris is a flat disc at right angles to the line of sight: seen from the side it is an ellipse.
    depth = (right * sight[0] + down * sight[1]) / sight[2]
    radius = np.sqrt(right**2 + down**2 + depth**2) / np.float32(person.iris_radius)

    ball = person.sclera * (1 - 0.4 * lids.along**2)  # it turns away from the light
    ball *= 1 - 0.25 * step(lids.along - 0.9, 0.2)  # caruncle, the pink corner at the nose
    limbus = 1 - 0.6 * bump(radius - 1, 0.13)
    iris = person.iris * (0.85 + 0.3 * bump(radius - 0.6, 0.25) + 0.2 * (down / person.iris_radius)) * limbus
    iris += step(person.pupil - radius, 0.12) * (0.03 - iris)
    ball += step(1 - radius, 0.16) * (iris - ball)
    return ball * (1 - 0.6 * bump(np.minimum(lids.above, 0), 1.3))  # shadow of the upper lid and its lashes


def light(session: Session, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How much light falls there: brighter to one side, and with a soft shadow of nose, brow or hair across the eye."""
    even = np.maximum(1 + session.side_light / 20 * x - session.top_light / 20 * y, 0.1)
    shadow = session.shadow
    across = np.float32(np.cos(shadow.angle)) * x + np.float32(np.sin(shadow.angle)) * y
    return even * (1 - shadow.depth * step(across - shadow.edge, shadow.softness))


def glint(session: Session, frames: Frames, sight: Vectors, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The lamp's reflection. It stands at the cornea's centre of curvature, so it moves half as far as the pupil."""
    right = right - CORNEA_CENTRE * sight[0] - session.lamp[0]
    down = down - CORNEA_CENTRE * sight[1] - session.lamp[1]
    return per_frame(frames.glint) * bump(right, GLINT) * bump(down, GLINT)


def behind_glasses(
    image: np.ndarray,
    lens: tuple[float, float],
    rim: float,
    session: Session,
    frames: Frames,
    x: np.ndarray,
    nasal: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """A rounded rim round the lens, and a window's reflection across it."""
    half_width, half_height = lens
    ring = ((((nasal + 1) / half_width) ** 4 + ((y - 2 - session.slip) / half_height) ** 4) ** 0.25 - 1) * half_height
    pane = bump(x + 2 * y - 8 * session.lamp[0], 7) * step(-ring, 2)
    image = image + 0.5 * per_frame(frames.reflection) * pane
    return image * (1 - rim * bump(ring, 0.7))


def develop(image: np.ndarray, session: Session, rng: np.random.Generator) -> np.ndarray:
    """Blur, sensor noise, 8 bits and histogram equalisation: uint8 (n, 36, 60)."""
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(session.noise)
    patches = np.empty(image.shape, np.uint8)
    for patch, sharp, grain in zip(patches, image, noise, strict=True):
        # A normalised patch is a warped photograph: its noise has been interpolated too.
        seen = cv2.GaussianBlur(sharp, (0, 0), session.blur) + cv2.GaussianBlur(grain, (3, 3), 0.6)
        patch[:] = cv2.equalizeHist(np.clip(200 * seen, 0, 255).astype(np.uint8))
    return patches


def skin_map(person: Person, rng: np.random.Generator) -> np.ndarray:
    """Relative brightness of a face's skin, (128, 128): unevenness, blotches and pores."""
    side = int(2 * SKIN_REACH * SKIN_RESOLUTION)
    total = np.ones((side, side), np.float32)
    for size, contrast in ((5.0, 0.06), (1.5, 0.5 * person.texture), (0.35, person.texture)):  # mm
        noise = cv2.GaussianBlur(rng.standard_normal((side, side), np.float32), (0, 0), size * SKIN_RESOLUTION)
        total += contrast / noise.std() * noise
    return total


def lash_strip(person: Person, rng: np.random.Generator) -> np.ndarray:
    """How much the lashes of an upper lid cover, 0 to 1, along the lid (columns) and from below its edge up (rows)."""
    below, above = LASH_REACH
    shape = int(LASH_RESOLUTION * (below + above)), int(2.2 * LASH_RESOLUTION * person.half_width)
    strip = np.zeros(shape, np.uint8)
    root = int(LASH_RESOLUTION * below)
    for position in rng.uniform(0.08, 0.95, LASHES):
        outward = 0.5 - position  # lashes fan out, and those at the temple are the longest
        length = LASH_RESOLUTION * rng.uniform(1.0, 2.2) * (1 + 0.6 * outward)
        start = np.array([position * shape[1], root + LASH_RESOLUTION * rng.uniform(-0.5, 0.2)])
        tip = start + length * np.array([-1.5 * outward + rng.normal(0, 0.25), 1.0])
        cv2.line(strip, start.astype(int).tolist(), tip.astype(int).tolist(), 150, 1, cv2.LINE_AA)
    along = np.linspace(-1.1, 1.1, shape[1])
    height = (np.arange(shape[0])[:, None] - root) / LASH_RESOLUTION
    edge = bump(height - 0.1, 0.2 + 0.3 * np.clip(1 - along**2, 0, 1)) * step(1 - np.abs(along), 0.2)
    strip = np.maximum(cv2.GaussianBlur(strip, (0, 0), 0.25 * LASH_RESOLUTION) / 255, 0.85 * edge)
    strip[[0, -1]] = 0  # the border is continued over the rest of the face
    strip[:, [0, -1]] = 0
    return strip.astype(np.float32)
