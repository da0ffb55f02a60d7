"""Where eyes come from: rendered from a seed, or read from a folder. Either way once, then from the cache."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from gaze_examples.data import cache
from gaze_examples.data.eyes import DataError, Reading, concatenate


class Size(NamedTuple):
    """People to train on and pairs of each, divided 5 : 1 : 1; new people after them, and pairs of each."""

    people: int
    same: int
    strangers: int
    new: int


SIZES = {
    "small": Size(people=12, same=1400, strangers=3, new=800),  # 12,000 / 2,400 / 2,400 and 2,400
    "full": Size(people=12, same=5250, strangers=3, new=3000),  # 45,000 / 9,000 / 9,000 and 9,000
    "crowd": Size(people=1200, same=14, strangers=300, new=8),  # as many as in small, of too many to know by heart
}
RENDERER = ("synthetic.py", "synthetic_people.py", "eye_renderer.py")


def read(
    source: str | Path = "synthetic",
    *,
    size: str = "small",
    seed: int = 0,
    progress: bool = True,
    workers: int | None = 1,
) -> Reading:
    """All eye pairs of a source: "synthetic", rendered in a `size` of `SIZES` from `seed`, or a folder in one of the
    formats of `formats.py`.

    progress: show a bar on stderr while rendering or reading, if stderr is a terminal.
    workers: processes that render, None for one a core. More than one need a script that can be imported, with its
    work under `if __name__ == "__main__":`, and not every script that says `load()` is one: hence 1.

    Raises DataError for what cannot be read.
    """
    if find_spec("cv2") is None:
        raise DataError(
            "Eyes are rendered and read with OpenCV, which is not installed here; install minigrad with "
            'its extra "gaze".'
        )
    return _synthetic(size, seed, progress, workers) if source == "synthetic" else _folder(Path(source), progress)


def format_of(folder: str | Path) -> str:
    """The name of the format that a folder is in, and the files it was recognised by; DataError where there is none."""
    from gaze_examples.data import formats  # here, because it needs OpenCV

    try:
        format = formats.recognise(folder)
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error}); repair that or give another.") from error
    return f"{format.name} ({format.layout})"


def _synthetic(size: str, seed: int, progress: bool, workers: int | None) -> Reading:
    from gaze_examples.data import synthetic  # here, because it needs OpenCV

    if size not in SIZES:
        raise DataError(f'The synthetic set comes in the sizes {", ".join(SIZES)}, not "{size}".')
    per_person = SIZES[size]
    known = range(per_person.people)
    strangers = range(len(known), len(known) + per_person.strangers)

    def build() -> Reading:
        total = len(known) * per_person.same + len(strangers) * per_person.new
        with _bar("rendering synthetic eyes", total, progress) as bar:
            # The renderer says how many are done in all; a bar moves by how many more.
            same = synthetic.render(
                known, per_person.same, seed, workers=workers, progress=lambda done: bar.update(done - bar.n)
            )
            new = synthetic.render(
                strangers,
                per_person.new,
                seed,
                workers=workers,
                progress=lambda done: bar.update(len(same) + done - bar.n),
            )
        # The sentence travels with the pairs, into the cache and into an export: nobody should take them for real.
        source = (
            f"Synthetic eyes, rendered from seed {seed}; a score on them says nothing about accuracy on "
            "photographs of real people."
        )
        return Reading(concatenate([same, new], source), [])

    return cache.cached(f"synthetic-{size}-{seed}", f"{per_person} {renderer_version()}", build)


def renderer_version() -> str:
    """A text that changes with the renderer's code: the eyes that it drew before may not be those it draws now."""
    code = b"".join(Path(__file__).with_name(name).read_bytes() for name in RENDERER)
    return sha256(code).hexdigest()


def _folder(path: Path, progress: bool) -> Reading:
    from gaze_examples.data import convert, formats  # here, because they need OpenCV

    try:
        format = formats.recognise(path)
        parts = format.parts(path)
        place = path.resolve()
        name = f"{place.name}-{sha256(os.fsencode(place)).hexdigest()[:12]}"
        total = sum(part.size for part in parts)
        return convert.convert(path, parts, name, lambda: _bar(f"reading {path.name}", total, progress, format.unit))
    except OSError as error:
        raise DataError(f"The folder {path} cannot be read ({error}); repair that or give another.") from error


def _bar(what: str, total: int, show: bool, unit: str = "pairs") -> tqdm:
    # disable=None: tqdm itself stays silent where stderr is no terminal.
    return tqdm(total=total, desc=what, unit=f" {unit}", file=sys.stderr, disable=None if show else True)
