"""A browser, for the pages that people see."""

import os
import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright, which is not installed")
    if CHROMIUM is None:
        pytest.skip("needs a browser, and found no Chromium")
    sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """open_page(path, anchor="", **context): a page from disk. Fails if it asks a network or complains."""
    complaints, requests, contexts = [], [], []

    def open_(path, anchor="", **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"file://{path}{anchor}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints
    assert all(url.startswith(("file://", "data:")) for url in requests)
