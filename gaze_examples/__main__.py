"""`python -m gaze_examples` is `gaze`."""

import sys

from gaze_examples.cli import main

if __name__ == "__main__":
    sys.exit(main())
