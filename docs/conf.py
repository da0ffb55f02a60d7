"""How the site is built. From clean, with every notebook run and warnings as errors:

    python -m sphinx -W --keep-going -E -j auto -b html docs docs/_build/html

Without -E only the pages that changed are read, and their notebooks run, again. There is no cache of cells besides: one
knows what a cell says, but not that the library under it has changed, and would print yesterday's numbers.
"""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]  # this checkout's library, whatever is installed; and docs/extensions
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))  # for the kernels
os.environ["OMP_NUM_THREADS"] = "1"  # several pages run at once, and threads that wait for each other only spin

import minigrad  # noqa: E402

project = "minigrad"
author = "The minigrad authors"
copyright = author
version = release = minigrad.__version__

extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "extensions.api",
    "extensions.house",
    "extensions.mathematics",
    "extensions.notebooks",
    "extensions.repository",
    "extensions.stepper",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
nitpicky = True

# -- pages -------------------------------------------------------------------------------------------------------------

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 4  # links such as checking.md#one-call go where they go in a repository browser

highlight_language = "none"  # a block that names no language holds what a command printed

# -- notebooks ---------------------------------------------------------------------------------------------------------

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 120  # seconds a cell
nb_execution_in_temp = True  # what a cell writes is not left in docs/
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"

# Of an error that a page shows on purpose, its message: it names the line, and the traceback would show this machine.
profile = DOCS / "_build" / "ipython" / "profile_default"
profile.mkdir(parents=True, exist_ok=True)
(profile / "ipython_kernel_config.py").write_text('c.InteractiveShell.xmode = "Minimal"\n')
os.environ["IPYTHONDIR"] = str(profile.parent)

# -- how it looks ------------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "minigrad"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_use_index = False  # the reference has its names in order, and search has all
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": "minigrad"},
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,  # the arrow keys belong to the stepper
    "show_nav_level": 1,
    "show_toc_level": 2,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {page: [] for page in ("index", "performance", "design", "conventions", "contributing")}  # no section
html_context = {"default_mode": "auto"}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# External links are not part of the build, which needs no network: python -m sphinx -b linkcheck docs docs/_build/links
linkcheck_timeout = 20
