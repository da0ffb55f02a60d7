"""Does every link in the built site lead somewhere? `python docs/check_links.py docs/_build/html`

Sphinx looks after the links in its sources. This looks at the pages as a browser does: every href and src, also of what
was generated, must name a file of the site, and every #anchor an id in it. Links to other sites are left to linkcheck.
"""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links of a page, and the ids that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.ids.add(value)


@cache
def read(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def broken(site: Path) -> list[str]:
    """Each link that leads nowhere, with its page."""
    found = []
    for path in sorted(set(site.rglob("*.html")) - set(site.glob("_static/**/*.html"))):
        for link in read(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file():
                found.append(f"{path.relative_to(site)}: {link}: there is no such file")
            elif anchor and target.suffix == ".html" and anchor not in read(target).ids:
                found.append(f"{path.relative_to(site)}: {link}: the page has no such anchor")
    return found


if __name__ == "__main__":
    faults = broken(Path(sys.argv[1]).resolve())
    print("\n".join(faults) or "Every link leads somewhere.")
    sys.exit(bool(faults))
