"""The screenshots in docs/pictures: `python docs/make_pictures.py`. Needs Playwright and Chromium, as the tests do."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from minigrad.teach.script import demo, trace_script

PICTURES = Path(__file__).parent / "pictures"
WIDE, NARROW = (1440, 860), (420, 860)

# (the file, the demo, the step, light or dark, the size)
SHOTS = [
    ("diamond", "diamond", "#step-2", "light", (1300, 800)),
    ("mlp", "mlp", "#step-5", "light", WIDE),
    ("softmax", "softmax", "#step-5", "dark", WIDE),
    ("conv", "conv", "#forward-1", "light", WIDE),
    ("batchnorm", "batchnorm", "#step-11", "dark", WIDE),
    ("momentum", "momentum", "#step-8", "light", WIDE),
    ("narrow", "mlp", "#step-4", "light", NARROW),
]


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        for name, script, step, scheme, (width, height) in SHOTS:
            file = Path(folder) / f"{script}.html"
            trace_script(demo(script), f"{script}.py").to_html(file)
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"file://{file}{step}")
            if name == "conv":  # as if somebody pointed at an element of the result
                page.locator("#step table").last.locator("td").nth(6).hover()
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
