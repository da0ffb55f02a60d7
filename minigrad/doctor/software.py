"""Python, the packages, and the programs `dot` and the browser."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from minigrad.doctor.asking import Unanswered, ask, output
from minigrad.doctor.report import BROKEN, DOUBTFUL, FOUND, MISSING, Finding
from minigrad.teach.graph.drawing import INSTALL
from minigrad.threads import get_num_threads

OLDEST = (3, 11)  # Python
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Package:
    """A Python package: what it is called, imported as and installed as, and what it is for.

    requirement: as in pyproject.toml. extra: of minigrad, that installs it; "" if minigrad does not run without it.
    """

    name: str
    module: str
    requirement: str
    purpose: str
    extra: str = ""

    @property
    def distribution(self) -> str:
        return re.split("[<>=]", self.requirement)[0]

    def finding(self, answer: dict[str, Any]) -> Finding:
        """What the answer of a probe means."""
        one = Finding(self.name, self.purpose, FOUND, answer.get("version", ""), required=not self.extra)
        if "missing" in answer:
            return replace(one, state=MISSING, remedy=self.install())
        if "broken" in answer:
            return replace(one, state=BROKEN, detail=answer["broken"], remedy=self.reinstall())
        if not fits(one.version, self.requirement):
            wanted = self.requirement.removeprefix(self.distribution).replace(",", " and ")
            detail = f"It is version {one.version}; minigrad needs {wanted}."
            return replace(one, state=BROKEN, detail=detail, remedy=f'pip install --upgrade "{self.requirement}"')
        return one

    def install(self) -> str:
        """The command that installs it."""
        return f'pip install "{f"minigrad[{self.extra}]" if self.extra else self.requirement}"'

    def reinstall(self) -> str:
        """The command that replaces it."""
        return f'pip install --force-reinstall "{self.requirement}"'


NUMPY = Package("NumPy", "numpy", "numpy>=2", "the arrays, and what calculates with them")
NEEDED = (
    Package("threadpoolctl", "threadpoolctl", "threadpoolctl>=3.5", "sets the threads of BLAS"),
    Package("safetensors", "safetensors", "safetensors>=0.4", "mg.save and mg.load"),
    Package("tqdm", "tqdm", "tqdm>=4.66", "the progress bar of the Trainer"),
    Package("graphviz", "graphviz", "graphviz>=0.20", "writes graphs as text"),
    Package("latex2mathml", "latex2mathml", "latex2mathml>=3.77", "the mathematics on pages"),
)
OPENCV = Package("OpenCV", "cv2", "opencv-python-headless>=4.8,<5", "finds eyes, reads pictures", "gaze")
APPLICATION = (
    Package("matplotlib", "matplotlib", "matplotlib>=3.8", "plots", "gaze"),
    Package("SciPy", "scipy", "scipy>=1.13", "reads MATLAB's files", "gaze"),
    Package("h5py", "h5py", "h5py>=3.11", "reads MATLAB's newer files, and HDF5", "gaze"),
)
HYPOTHESIS = Package("Hypothesis", "hypothesis", "hypothesis>=6.100", "draws the calls for minigrad check", "testing")
TORCH = Package("PyTorch", "torch", "torch>=2", "the tests compare with it (not imported here)", "test")
PLAYWRIGHT = Package("Playwright", "playwright", "playwright>=1.45", "drives the browser in tests of pages", "dev")


def python(time_limit: float) -> list[Finding]:
    """The Python that runs this."""
    new_enough = sys.version_info[:2] >= OLDEST
    one = Finding("Python", "runs it all", FOUND, platform.python_version(), required=True)
    if not new_enough:
        wanted = ".".join(map(str, OLDEST))
        one = replace(one, state=BROKEN, detail=f"minigrad needs {wanted} or newer.", remedy=f"install Python {wanted}")
    return [one]


def package(one: Package) -> Callable[[float], list[Finding]]:
    """The check whether a package can be imported."""
    return lambda time_limit: [imported(one, time_limit)]


def imported(one: Package, time_limit: float) -> Finding:
    """Whether it can be imported."""
    return one.finding(ask("package", one.module, one.distribution, time_limit=time_limit))


def numpy_and_threads(time_limit: float) -> list[Finding]:
    """NumPy, its BLAS, and how many threads a calculation may use."""
    answer = ask("numpy", NUMPY.module, NUMPY.distribution, time_limit=time_limit)
    found = NUMPY.finding(answer)
    return [found] if "version" not in answer else [found, _blas(answer), _threads()]


def _blas(answer: dict[str, Any]) -> Finding:
    one = Finding("BLAS", "NumPy's products of matrices", FOUND)
    if not answer["blas"]:
        why = "There is no threadpoolctl that works" if answer["blas"] is None else "threadpoolctl does not know it"
        detail = f"{why}, so minigrad cannot set its threads."
        return replace(one, version=answer["built"], detail=detail)
    name, version = answer["blas"][0]
    return replace(one, version=f"{name} {'.'.join(version.split('.')[:3])}".strip())


def _threads() -> Finding:
    one = Finding("threads", "a calculation may use (mg.set_num_threads)", FOUND)
    try:
        count = get_num_threads()
    except Exception as error:  # threadpoolctl, which has a line of its own
        return replace(one, state=BROKEN, detail=f"They cannot be counted: {error}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = "".join(f"{name}={os.environ[name]} is set. " for name in THREADS if os.environ.get(name)).strip()
    one = replace(one, version=f"{count} on {cores} core{'s' * (cores > 1)}", detail=said if count != cores else "")
    if count > cores:
        detail = f"{said} More threads than cores get in each other's way.".strip()
        one = replace(one, state=DOUBTFUL, detail=detail, remedy=f"export OMP_NUM_THREADS={cores}")
    return one


def opencv(time_limit: float) -> list[Finding]:
    """OpenCV, once, and whether it can open windows."""
    answer = ask("opencv", OPENCV.module, OPENCV.distribution, time_limit=time_limit)
    one = OPENCV.finding(answer)
    if "version" not in answer or one.state != FOUND:
        return [one]
    if len(answer["distributions"]) > 1:
        names = answer["distributions"]
        detail = f"Installed {len(names)} times, and the files of one overwrite another's: {', '.join(names)}."
        remedy = f"pip uninstall -y {' '.join(names)} && {OPENCV.install()}"
        return [replace(one, state=DOUBTFUL, detail=detail, remedy=remedy)]
    if answer["windows"] == "NONE":
        camera = "Headless: no windows. The extra gaze-camera has them."
        one = replace(one, detail=camera)
    return [one]


def torch(time_limit: float) -> list[Finding]:
    """PyTorch, which takes seconds to import: it is only looked for."""
    one = TORCH.finding(ask("installed", TORCH.module, TORCH.distribution, time_limit=time_limit))
    return [replace(one, remedy="pip install torch") if one.state == MISSING else one]


def dot(time_limit: float) -> list[Finding]:
    """Graphviz's program, which is to draw a graph."""
    one = Finding("dot", "draws graphs (Graphviz)", FOUND)
    command = shutil.which("dot")
    if command is None:
        return [replace(one, state=MISSING, remedy=INSTALL)]
    try:
        version = re.search(r"version (\S+)", output([command, "-V"], time_limit=time_limit, both=True))
        one = replace(one, version=version[1] if version else "")
        if "<svg" not in output([command, "-Tsvg"], time_limit=time_limit, text="digraph { a -> b }"):
            raise Unanswered("it drew nothing")
    except Unanswered as why:
        one = replace(one, state=BROKEN, detail=f"{command}: {why}", remedy=INSTALL)
    return [one]


def browser(time_limit: float) -> list[Finding]:
    """Playwright, and a browser that it can drive: one on the PATH, or its own."""
    playwright = imported(PLAYWRIGHT, time_limit)
    one = Finding("browser", "shows the pages in tests", FOUND)
    command = next(filter(None, map(shutil.which, BROWSERS)), None)
    if command is not None:
        try:
            version = re.search(r"\d+(\.\d+)+", output([command, "--version"], time_limit=time_limit))
            one = replace(one, version=version[0] if version else "")
        except Unanswered as why:
            one = replace(one, state=BROKEN, detail=f"{command}: {why}")
    elif playwright.state != FOUND or not ask("browser", PLAYWRIGHT.module, time_limit=time_limit).get("found"):
        one = replace(one, state=MISSING, detail=f"None of {', '.join(BROWSERS)} is on the PATH.")
    if one.state != FOUND:
        one = replace(one, remedy="playwright install --with-deps chromium")
    return [playwright, one]


def fits(version: str, requirement: str) -> bool:
    """Whether a version is one that a requirement such as "opencv-python>=4.8,<5" allows. An unknown one may be."""
    if not re.match(r"\d", version):
        return True
    least = re.search(r">=([\d.]+)", requirement)
    below = re.search(r"<([\d.]+)", requirement)
    return (not least or _numbers(version) >= _numbers(least[1])) and (
        not below or _numbers(version) < _numbers(below[1])
    )


def _numbers(version: str) -> list[int]:
    numbers = re.match(r"[\d.]*\d", version)
    return [int(part) for part in numbers[0].split(".")] if numbers else []
