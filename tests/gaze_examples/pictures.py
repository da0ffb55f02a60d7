"""Pictures that cost next to nothing, for tests that look at everything else: they are painted, but not laid out."""

import base64

from matplotlib.figure import Figure

from gaze_examples import report, themes
from gaze_examples.document import Text

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")


def make_cheap(monkeypatch) -> None:
    """Paint every picture without drawing it; a file of one pixel stands in its place."""

    def draw(folder, name, size, paint):
        paint(Figure(figsize=size), themes.THEMES[""])
        names = []
        for ending in themes.THEMES:
            (folder / f"{name}{ending}.png").write_bytes(PNG)
            names.append(f"{name}{ending}.png")
        return names[0], names[1]

    monkeypatch.setattr(themes, "draw", draw)
    monkeypatch.setattr(report, "_network", lambda *_: Text("The network."))
