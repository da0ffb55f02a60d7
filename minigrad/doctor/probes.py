"""The questions, each put to a package in a process of its own: `python -P probes.py PATH QUESTION ARGUMENT ...`.

The answer is a line of JSON. PATH is the `sys.path` of who asks, in JSON, so that the same packages are found. This
file is run, not imported, and imports nothing of ours: no other package has a say in the answer.
"""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import import_module, metadata, util
from typing import Any


def package(module: str, distribution: str) -> dict[str, Any]:
    """Whether it can be imported."""
    return {"version": _version(import_module(module), distribution)}


def installed(module: str, distribution: str) -> dict[str, Any]:
    """Whether it is there. It is not imported, which would take seconds."""
    if util.find_spec(module) is None:
        raise ModuleNotFoundError(name=module)
    return {"version": _version(None, distribution)}


def numpy(module: str, distribution: str) -> dict[str, Any]:
    """Its BLAS: [[name, version], ...] as far as threadpoolctl knows it, None without; and what NumPy was built for."""
    found = import_module(module)
    built = found.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {}).get("name", "")
    try:
        pools = import_module("threadpoolctl").threadpool_info()
        blas = [[pool["internal_api"], pool["version"] or ""] for pool in pools if pool["user_api"] == "blas"]
    except Exception:  # has its own line
        blas = None
    return {"version": _version(found, distribution), "built": built, "blas": blas}


def opencv(module: str, distribution: str) -> dict[str, Any]:
    """Whether it can open windows ("NONE" if not), and under which names it is installed: more than one is trouble."""
    found = import_module(module)
    windows = re.search(r"GUI:\s+(\S+)", found.getBuildInformation())
    return {
        "version": _version(found, distribution),
        "windows": windows[1] if windows else "",
        "distributions": _distributions("opencv-(contrib-)?python(-headless)?"),
    }


def cupy(module: str, distribution: str) -> dict[str, Any]:
    """It imports without a GPU and fails later. So: does it see one, and can it calculate on it?"""
    found = import_module(module)
    answer = {
        "version": _version(found, distribution),
        "distributions": _distributions("cupy(-cuda.*|-rocm.*)?"),
        "cuda": found.cuda.runtime.runtimeGetVersion(),
        "gpus": [],
        "error": "",
    }
    if found.cuda.is_available():
        count = found.cuda.runtime.getDeviceCount()
        names = [found.cuda.runtime.getDeviceProperties(i)["name"] for i in range(count)]
        answer["gpus"] = [name.decode() if isinstance(name, bytes) else name for name in names]
        try:
            total = float((found.arange(4.0) ** 2).sum())  # compiles: are CUDA's parts there?
            answer["error"] = "" if total == 14 else f"0 + 1 + 4 + 9 is {total:g}"
        except Exception as error:
            answer["error"] = in_a_line(error)
    return answer


def mpi(module: str, distribution: str) -> dict[str, Any]:
    """Which MPI its library is. (MPI itself is not started: that can hang on a machine where it may not be used.)"""
    found = import_module(module)
    found.rc.initialize = False
    name, version = import_module(f"{module}.MPI").get_vendor()
    return {"version": _version(found, distribution), "library": f"{name} {'.'.join(map(str, version))}"}


def ranks(module: str) -> dict[str, Any]:
    """How many processes MPI says there are. `mpiexec -n 2` asks this."""
    return {"ranks": import_module(f"{module}.MPI").COMM_WORLD.size}


def browser(module: str) -> dict[str, Any]:
    """Whether Playwright has a browser of its own."""
    with import_module(f"{module}.sync_api").sync_playwright() as driver:
        return {"found": os.path.exists(driver.chromium.executable_path)}


def in_a_line(error: BaseException) -> str:
    """An error without its traceback, and only the start of a long one."""
    message = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    message = message if len(message) <= 160 else message[:157] + "..."
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _version(module: Any, distribution: str) -> str:
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _distributions(pattern: str) -> list[str]:
    names = {(one.metadata["Name"] or "").lower() for one in metadata.distributions()}
    return sorted(name for name in names if re.fullmatch(pattern, name))


def _main(path: str, question: str, *arguments: str) -> None:
    sys.path[:] = json.loads(path)
    stdout = os.dup(1)
    os.dup2(2, 1)  # what the package prints is no answer
    try:
        answer = globals()[question](*arguments)
    except BaseException as error:  # SystemExit, too
        missing = isinstance(error, ModuleNotFoundError) and error.name == arguments[0]
        answer = {"missing": True} if missing else {"broken": in_a_line(error)}
    os.write(stdout, (json.dumps(answer) + "\n").encode())
    if question != "ranks":  # those have to say goodbye to each other
        os._exit(0)  # what the package would do at the end is not asked for


if __name__ == "__main__":
    _main(*sys.argv[1:])
