"""Writes both versions of the assignment as notebooks, without the site: `python docs/make_assignment.py FOLDER`.

assignment-student.ipynb has blanks; assignment-solved.ipynb is run, which takes a minute. Both come from
docs/assignment.md: change that. `python docs/make_assignment.py FOLDER PAGE` does so with a text notebook of your own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from extensions.notebooks import write_versions

PAGE = Path(__file__).with_name("assignment.md")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The assignment as notebooks: for students, and with its solutions.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("page", type=Path, nargs="?", default=PAGE, help="default: docs/assignment.md")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in write_versions(arguments.page, arguments.folder):
        print(path)
