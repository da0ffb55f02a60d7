"""CuPy and the GPU: if minigrad cannot calculate on a GPU, which of the two is missing?"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from typing import Any

from minigrad.doctor.asking import Unanswered, ask, output
from minigrad.doctor.report import BROKEN, DOUBTFUL, FOUND, MISSING, Finding

PURPOSE = 'calculates on a GPU (device="cuda")'


def gpu(time_limit: float) -> list[Finding]:
    """The driver and the GPUs that it sees, then CuPy."""
    driver, cuda = _driver(time_limit)
    answer = ask("cupy", "cupy", "cupy", time_limit=time_limit)
    if driver.state != FOUND and answer.get("gpus"):  # CuPy needs no nvidia-smi to find one
        driver = Finding(driver.name, driver.purpose, FOUND, detail=", ".join(answer["gpus"]))
    return [driver, _cupy(answer, driver, cuda)]


def _driver(time_limit: float) -> tuple[Finding, int | None]:
    """The finding, and the newest version of CUDA that the driver can serve."""
    one = Finding("GPU", "an NVIDIA GPU with its driver", FOUND)
    command = shutil.which("nvidia-smi")
    if command is None:
        detail = "No nvidia-smi on the PATH: no NVIDIA GPU, or no driver."
        return replace(one, state=MISSING, detail=detail), None
    try:
        said = output([command], time_limit=time_limit)
        names = output([command, "--query-gpu=name", "--format=csv,noheader"], time_limit=time_limit).split("\n")
    except Unanswered as why:
        return replace(one, state=BROKEN, detail=f"nvidia-smi: {why}", remedy="install the GPU's driver anew"), None
    cuda = re.search(r"CUDA (?:UMD )?Version:\s*(\d+)(\.\d+)?", said)
    gpus = ", ".join(name.strip() for name in names if name.strip())
    if not gpus:
        return replace(one, state=MISSING, detail="The driver sees no GPU."), None
    if cuda is None:
        return replace(one, detail=gpus), None
    return replace(one, version=f"CUDA {cuda[1]}{cuda[2] or ''}", detail=gpus), int(cuda[1])


def _cupy(answer: dict[str, Any], driver: Finding, cuda: int | None) -> Finding:
    one = Finding("CuPy", PURPOSE, FOUND, answer.get("version", ""))
    if "missing" in answer:
        detail = "There is a GPU, and CuPy is missing." if driver.state == FOUND else "Both CuPy and a GPU are missing."
        if cuda is None:
            detail += " For CUDA 13, say cuda13."
        return replace(one, state=MISSING, detail=detail, remedy=_install(cuda))
    if "broken" in answer:
        return replace(one, state=BROKEN, detail=answer["broken"], remedy=_install(cuda, "--force-reinstall "))
    installed, made_for = answer["distributions"], answer["cuda"] // 1000
    if len(installed) > 1:
        detail = f"Installed {len(installed)} times, and the files of one overwrite another's: {', '.join(installed)}."
        return replace(one, state=DOUBTFUL, detail=detail, remedy=_instead(installed, cuda))
    if not answer["gpus"]:
        detail, remedy = _blind(installed, made_for, driver, cuda)
        return replace(one, state=DOUBTFUL, detail=detail, remedy=remedy)
    if answer["error"]:
        detail = f"It sees the GPU and cannot calculate: {answer['error']}"
        remedy = f'pip install "cupy-cuda{made_for}x[ctk]"'  # with what it needs of CUDA
        return replace(one, state=BROKEN, detail=detail, remedy=remedy)
    return one


def _blind(installed: list[str], made_for: int, driver: Finding, cuda: int | None) -> tuple[str, str]:
    """Why a CuPy that can be imported sees no GPU, and what to do."""
    if driver.state != FOUND:
        return "CuPy is here; the GPU or its driver is missing.", ""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        hidden = f"CUDA_VISIBLE_DEVICES={os.environ['CUDA_VISIBLE_DEVICES']} hides the GPU."
        return hidden, "unset CUDA_VISIBLE_DEVICES"
    if cuda is not None and made_for > cuda:
        detail = f"It is made for CUDA {made_for}; the driver serves no newer than CUDA {cuda}."
        return detail, _instead(installed, cuda)
    return "There is a GPU, and CuPy does not see it.", _install(cuda, "--force-reinstall ")


def _install(cuda: int | None, how: str = "") -> str:
    """The command for a driver. A driver serves programs that were made for an older CUDA, too."""
    return f'pip install {how}"minigrad[{"cuda13" if cuda and cuda >= 13 else "cuda12"}]"'


def _instead(installed: list[str], cuda: int | None) -> str:
    return f"pip uninstall -y {' '.join(installed)} && {_install(cuda)}"
