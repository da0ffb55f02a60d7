"""`minigrad doctor`: what it says of things that are there, missing, or broken in the ways in which they break.

Packages and programs are stood in for by small ones in a folder that comes first, so that nothing depends on what this
machine has.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from minigrad.cli import main
from minigrad.doctor import Finding, Report, command, software
from minigrad.doctor.gpu import gpu
from minigrad.doctor.processes import MPI4PY, mpi
from minigrad.teach.colours import Colours

ROOT = Path(__file__).parents[2]
LIMIT = 20.0
PACKAGES = (
    software.NUMPY,
    software.OPENCV,
    software.HYPOTHESIS,
    software.PLAYWRIGHT,
    software.TORCH,
    MPI4PY,
    *software.NEEDED,
    *software.APPLICATION,
)
MISSING = "raise ModuleNotFoundError(name=__name__)"  # as if it were not there


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Put a module in front of all others. "a.b" is the module b of the package a."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def put(name, code):
        *packages, last = name.split(".")
        path = folder.joinpath(*packages)
        path.mkdir(exist_ok=True)
        (path / f"{last}.py").write_text(textwrap.dedent(code), "utf-8")

    return put


@pytest.fixture
def bare(package):
    """A Python with no packages but its own, and those that are put."""
    before = sys.path[:]
    sys.path[:] = [path for path in before if "-packages" not in path]
    yield
    sys.path[:] = before


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The PATH, with nothing on it but what is put there."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, code):
        (folder / name).write_text(f"#!{sys.executable}\nimport sys\n{textwrap.dedent(code)}", "utf-8")
        (folder / name).chmod(0o755)

    return put


def extras():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


# -- packages ----------------------------------------------------------------------------------------------------------

TQDM = next(one for one in software.NEEDED if one.name == "tqdm")


def test_a_package_is_found_whatever_it_prints(package):
    package("tqdm", "import os; print('{}'); os.system('echo hello'); __version__ = '9.8.7'")
    found = software.imported(TQDM, LIMIT)
    assert (found.state, found.version, found.remedy, found.required) == ("found", "9.8.7", "", True)


def test_a_package_that_is_missing_is_installed_by_its_extra(package):
    package("scipy", MISSING)
    package("tqdm", MISSING)
    scipy = next(one for one in software.APPLICATION if one.name == "SciPy")
    assert software.imported(scipy, LIMIT).remedy == 'pip install "minigrad[gaze]"'
    found = software.imported(TQDM, LIMIT)
    assert (found.state, found.remedy) == ("missing", 'pip install "tqdm>=4.66"')


@pytest.mark.parametrize(
    "code, said",
    [
        ("raise ImportError('libGL.so.1: cannot open\\nmore')", "ImportError: libGL.so.1: cannot open"),
        ("raise ValueError", "ValueError"),
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("raise SystemExit('no licence')", "SystemExit: no licence"),
        ("import os; os._exit(0)", "it ended the process when it was imported"),
        ("import os; os._exit(3)", "it failed (exit code 3)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it crashed (SIGSEGV)"),
    ],
)
def test_a_package_that_breaks_is_one_line(package, code, said):
    package("tqdm", code)
    found = software.imported(TQDM, LIMIT)
    assert (found.state, found.detail) == ("broken", said)
    assert found.remedy == 'pip install --force-reinstall "tqdm>=4.66"'


def test_a_package_that_hangs_is_ended_with_what_it_started(package, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    package("tqdm", f"import subprocess; subprocess.run('(echo on; exec sleep 60) > {pipe}', shell=True)")
    start = time.perf_counter()
    assert software.imported(TQDM, 3.0).detail == "no answer within 3 s"
    assert time.perf_counter() - start < 30
    assert os.read(reader, 10) == b"on\n"
    time.sleep(0.2)
    assert os.read(reader, 10) == b""  # the end: nobody holds the pipe
    os.close(reader)


def test_a_package_that_is_too_old_is_no_use(package):
    package("tqdm", "__version__ = '4.9'")
    found = software.imported(TQDM, LIMIT)
    assert (found.state, found.detail) == ("broken", "It is version 4.9; minigrad needs >=4.66.")
    assert found.remedy == 'pip install --upgrade "tqdm>=4.66"'


@pytest.mark.parametrize(
    "version, fits",
    [("4.8", True), ("4.14.0.94", True), ("4.7.9", False), ("5", False), ("5.0.1rc1", False), ("", True)],
)
def test_versions_are_numbers(version, fits):
    assert software.fits(version, "opencv-python>=4.8,<5") is fits


def test_what_is_asked_for_is_what_pyproject_says():
    project = extras()
    for one in PACKAGES:
        if one is software.TORCH:  # which CI installs by itself
            continue
        wanted = project["optional-dependencies"][one.extra] if one.extra else project["dependencies"]
        assert one.requirement in wanted
    assert sorted(one.requirement for one in PACKAGES if not one.extra) == sorted(project["dependencies"])
    assert project["requires-python"] == ">=" + ".".join(map(str, software.OLDEST))
    assert {"cuda12", "cuda13"} <= set(project["optional-dependencies"])


# -- Python, NumPy, threads --------------------------------------------------------------------------------------------


def test_python(monkeypatch):
    assert software.python(LIMIT)[0].state == "found"
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    [found] = software.python(LIMIT)
    assert found.is_error and "3.11" in found.detail


def test_numpy_and_its_blas_are_found():
    found = {one.name: one for one in software.numpy_and_threads(LIMIT)}
    assert found["NumPy"].version == np.__version__
    assert found["BLAS"].version.strip()
    assert " on " in found["threads"].version


def test_a_blas_that_threadpoolctl_does_not_know_is_named_by_numpy(package):
    package(
        "numpy", "__version__ = '2.1'\ndef show_config(mode): return {'Build Dependencies': {'blas': {'name': 'x'}}}"
    )
    for code, why in (
        ("raise RuntimeError", "There is no threadpoolctl that works"),
        ("def threadpool_info(): return []", "threadpoolctl does not know it"),
    ):
        package("threadpoolctl", code)
        blas = software.numpy_and_threads(LIMIT)[1]
        assert (blas.version, blas.detail) == ("x", f"{why}, so minigrad cannot set its threads.")


def test_a_numpy_that_breaks_is_an_error(package):
    package("numpy", "raise ImportError('compiled for another Python')")
    [found] = software.numpy_and_threads(LIMIT)
    assert found.is_error and found.detail == "ImportError: compiled for another Python"


def test_threads_are_counted_against_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr(software, "get_num_threads", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    one = software._threads()
    assert (one.state, one.version, one.detail) == ("found", "2 on 2 cores", "")
    monkeypatch.setattr(software, "get_num_threads", lambda: 1)
    one = software._threads()
    assert (one.state, one.detail) == ("found", "OMP_NUM_THREADS=1 is set.")
    monkeypatch.setattr(software, "get_num_threads", lambda: 8)
    one = software._threads()
    assert (one.state, one.remedy) == ("doubtful", "export OMP_NUM_THREADS=2")


def test_threads_without_threadpoolctl_are_one_line(monkeypatch):
    def raises():
        raise ImportError("no threadpoolctl")

    monkeypatch.setattr(software, "get_num_threads", raises)
    assert software._threads().detail == "They cannot be counted: no threadpoolctl"


# -- OpenCV, PyTorch ---------------------------------------------------------------------------------------------------


def opencv_of(package, windows):
    package("cv2", f"__version__ = '4.10.0'\ndef getBuildInformation(): return '  GUI:   {windows}'")


def distribution(tmp_path, name):
    folder = tmp_path / "packages" / f"{name.replace('-', '_')}-4.10.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 4.10.0\n", "utf-8")


def test_opencv_says_whether_it_can_open_windows(bare, package):
    opencv_of(package, "NONE")
    [found] = software.opencv(LIMIT)
    assert found.state == "found" and "gaze-camera" in found.detail
    opencv_of(package, "QT5")
    assert software.opencv(LIMIT)[0].detail == ""


def test_two_opencvs_are_trouble(bare, package, tmp_path):
    opencv_of(package, "QT5")
    distribution(tmp_path, "opencv-python")
    assert software.opencv(LIMIT)[0].state == "found"
    distribution(tmp_path, "opencv-python-headless")
    [found] = software.opencv(LIMIT)
    assert found.state == "doubtful"
    assert found.remedy == ('pip uninstall -y opencv-python opencv-python-headless && pip install "minigrad[gaze]"')


def test_pytorch_is_looked_for_and_not_imported(bare, package, tmp_path):
    assert software.torch(LIMIT)[0].remedy == "pip install torch"
    package("torch", "raise RuntimeError('imported')")
    distribution(tmp_path, "torch")
    [found] = software.torch(LIMIT)
    assert (found.state, found.version) == ("found", "4.10.0")


# -- programs ----------------------------------------------------------------------------------------------------------


def test_dot_draws(program):
    program("dot", "print('<svg>' if '-Tsvg' in sys.argv and sys.stdin.read() else 'graphviz version 12.1.0 (0)')")
    [found] = software.dot(LIMIT)
    assert (found.state, found.version) == ("found", "12.1.0")


def test_dot_is_missing(program):
    [found] = software.dot(LIMIT)
    assert found.state == "missing" and "graphviz" in found.remedy


def test_a_dot_that_cannot_draw_is_broken(program):
    program("dot", "sys.exit('no plugins: run dot -c') if '-Tsvg' in sys.argv else print('dot version 9.0')")
    [found] = software.dot(LIMIT)
    assert (found.state, found.version) == ("broken", "9.0")
    assert found.detail.endswith("it failed (exit code 1): no plugins: run dot -c")


def test_a_dot_that_draws_nothing_is_broken(program):
    program("dot", "print('dot version 9.0')")
    assert software.dot(LIMIT)[0].detail.endswith("it drew nothing")


def test_a_program_that_cannot_be_started_is_broken(program, tmp_path):
    file = tmp_path / "programs" / "dot"
    file.write_text("#!/no/such/thing\n", "utf-8")
    file.chmod(0o755)
    assert "it cannot be started" in software.dot(LIMIT)[0].detail


def test_a_browser_on_the_path_is_asked(program, package):
    package("playwright", "__version__ = '1.50'")
    program("google-chrome", "print('Google Chrome 141.0.7 ')")
    assert [(one.state, one.version) for one in software.browser(LIMIT)] == [("found", "1.50"), ("found", "141.0.7")]
    program("chromium", "sys.exit(1)")
    assert software.browser(LIMIT)[1].state == "broken"


DRIVER = """
    from contextlib import contextmanager
    from types import SimpleNamespace as Some

    @contextmanager
    def sync_playwright():
        yield Some(chromium=Some(executable_path={path!r}))
"""


def test_a_browser_of_playwrights_own_will_do(program, package):
    package("playwright.__init__", "__version__ = '1.50'")
    package("playwright.sync_api", DRIVER.format(path="/no/such/browser"))
    found = software.browser(LIMIT)[1]
    assert (found.state, found.remedy) == ("missing", "playwright install --with-deps chromium")
    package("playwright.sync_api", DRIVER.format(path=__file__))
    assert software.browser(LIMIT)[1].state == "found"


# -- GPU ---------------------------------------------------------------------------------------------------------------

CUPY = """
    from types import SimpleNamespace as Some
    __version__ = "14.0.0"
    cuda = Some(
        is_available=lambda: {gpus} > 0,
        runtime=Some(
            runtimeGetVersion=lambda: {made_for} * 1000 + 40,
            getDeviceCount=lambda: {gpus},
            getDeviceProperties=lambda i: {{"name": b"Card"}},
        ),
    )
    def arange(stop):
        {arange}
"""
RIGHT = "import numpy; return numpy.arange(stop)"


def cupy(gpus, made_for=12, arange=RIGHT):
    return CUPY.format(gpus=gpus, made_for=made_for, arange=arange)


def driver(cuda):
    return f"print('Card') if len(sys.argv) > 1 else print('| Driver Version: 1.2   CUDA Version: {cuda}   |')"


def test_without_either_both_are_said_to_be_missing(program, package):
    package("cupy", MISSING)
    one, two = gpu(LIMIT)
    assert (one.state, two.state) == ("missing", "missing")
    assert "Both" in two.detail and "cuda13" in two.detail
    assert two.remedy == 'pip install "minigrad[cuda12]"'


@pytest.mark.parametrize("cuda, extra", [("12.4", "cuda12"), ("13.0", "cuda13"), ("14.1", "cuda13")])
def test_the_driver_says_which_extra(program, package, cuda, extra):
    package("cupy", MISSING)
    program("nvidia-smi", driver(cuda))
    one, two = gpu(LIMIT)
    assert (one.state, one.version, one.detail) == ("found", f"CUDA {cuda}", "Card")
    assert (two.state, two.remedy) == ("missing", f'pip install "minigrad[{extra}]"')
    assert two.detail == "There is a GPU, and CuPy is missing."


def test_cupy_without_a_gpu_lacks_the_gpu(program, package):
    package("cupy", cupy(gpus=0))
    one, two = gpu(LIMIT)
    assert (one.state, two.state, two.version) == ("missing", "doubtful", "14.0.0")
    assert two.detail == "CuPy is here; the GPU or its driver is missing."


def test_cupy_that_calculates_is_found(program, package):
    package("cupy", cupy(gpus=1))
    assert [(one.state, one.detail) for one in gpu(LIMIT)] == [("found", "Card"), ("found", "")]


def test_cupy_that_cannot_compile_lacks_parts_of_cuda(program, package):
    package("cupy", cupy(gpus=1, made_for=13, arange="raise RuntimeError('no libnvrtc.so.13')"))
    two = gpu(LIMIT)[1]
    assert (two.state, two.remedy) == ("broken", 'pip install "cupy-cuda13x[ctk]"')
    assert two.detail.endswith("RuntimeError: no libnvrtc.so.13")


def test_cupy_that_calculates_wrong_is_broken(program, package):
    package("cupy", cupy(gpus=1, arange="import numpy; return numpy.zeros(int(stop))"))
    assert gpu(LIMIT)[1].state == "broken"


def test_cupy_for_a_newer_cuda_than_the_driver_is_replaced(bare, program, package, tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    program("nvidia-smi", driver("12.4"))
    package("cupy", cupy(gpus=0, made_for=13))
    distribution(tmp_path, "cupy-cuda13x")
    two = gpu(LIMIT)[1]
    assert two.remedy == 'pip uninstall -y cupy-cuda13x && pip install "minigrad[cuda12]"'
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpu(LIMIT)[1].remedy == "unset CUDA_VISIBLE_DEVICES"
    distribution(tmp_path, "cupy-cuda12x")
    assert "Installed 2 times" in gpu(LIMIT)[1].detail


def test_a_driver_that_fails_is_broken(program, package):
    package("cupy", "raise ImportError('libcuda.so.1')")
    program("nvidia-smi", "sys.exit('NVIDIA-SMI has failed')")
    one, two = gpu(LIMIT)
    assert (one.state, one.detail) == ("broken", "nvidia-smi: it failed (exit code 1): NVIDIA-SMI has failed")
    assert (two.state, two.detail) == ("broken", "ImportError: libcuda.so.1")


# -- MPI ---------------------------------------------------------------------------------------------------------------


def mpi4py(package, size):
    package("mpi4py.__init__", "__version__ = '4.1'\nclass rc: pass")
    package("mpi4py.MPI", f"class COMM_WORLD: size = {size}\ndef get_vendor(): return 'MPICH', (4, 2, 3)")


MPIEXEC = """
    import subprocess
    if sys.argv[1] == "--version":
        print("HYDRA: Version: 4.2.3")
    else:
        [subprocess.run(sys.argv[3:], check=True) for rank in range(int(sys.argv[2]))]
"""


def test_mpi_that_belongs_together(program, package):
    mpi4py(package, 2)
    program("mpiexec", MPIEXEC)
    one, two = mpi(LIMIT)
    assert (one.state, one.version, one.detail) == ("found", "4.1", "Its library is MPICH 4.2.3.")
    assert (two.state, two.version) == ("found", "4.2.3")


def test_an_mpiexec_of_another_mpi_starts_processes_that_are_alone(program, package):
    mpi4py(package, 1)
    program("mpiexec", MPIEXEC)
    two = mpi(LIMIT)[1]
    assert two.state == "broken" and "they count 1 and 1" in two.detail


def test_an_mpiexec_that_hides_the_one_beside_this_python_is_told_to_stand_back(
    program, package, monkeypatch, tmp_path
):
    mpi4py(package, 1)
    program("mpiexec", MPIEXEC)
    beside = tmp_path / "beside"
    beside.mkdir()
    for name in ("python", "mpiexec"):
        (beside / name).symlink_to(sys.executable)
    monkeypatch.setattr("minigrad.doctor.processes.sys.executable", str(beside / "python"))
    two = mpi(LIMIT)[1]
    assert two.state == "broken" and f"they count 1 and 1. It hides {beside / 'mpiexec'}: activate" in two.detail
    assert two.remedy == f'export PATH="{beside}:$PATH"'
    program("mpiexec", "sys.exit('not as root')")
    two = mpi(LIMIT)[1]
    assert "not as root. It hides" in two.detail and two.remedy.startswith("export")
    mpi4py(package, 2)
    program("mpiexec", MPIEXEC)
    assert mpi(LIMIT)[1].state == "found"  # whoever it belongs to


def test_mpi_is_missing(program, package, monkeypatch, tmp_path):
    package("mpi4py", MISSING)
    beside = tmp_path / "bin" / "python"
    beside.parent.mkdir()
    beside.symlink_to(sys.executable)
    monkeypatch.setattr("minigrad.doctor.processes.sys.executable", str(beside))
    assert [(one.state, one.remedy) for one in mpi(LIMIT)] == [("missing", 'pip install "minigrad[mpi]"')] * 2
    (beside.parent / "mpiexec").symlink_to(sys.executable)
    two = mpi(LIMIT)[1]
    assert two.state == "doubtful" and "activate" in two.detail


def test_mpi4py_without_a_library_is_broken(program, package):
    package("mpi4py.__init__", "class rc: pass")
    package("mpi4py.MPI", "raise RuntimeError('cannot load MPI library')")
    one = mpi(LIMIT)[0]
    assert (one.state, one.detail) == ("broken", "RuntimeError: cannot load MPI library")


# -- the report --------------------------------------------------------------------------------------------------------

FINE = Finding("NumPy", "arrays", "found", "2.4", required=True, group="Needed")
LACKS = Finding("CuPy", "a GPU", "missing", detail="Both are missing.", remedy="pip install it", group="GPU")
OLD = Finding("tqdm", "the bar", "broken", "1.0", "It is old.", "pip install tqdm", required=True, group="Needed")


def test_what_a_terminal_shows():
    assert (
        Report((FINE, LACKS)).text()
        == """\
Needed
✓ NumPy  2.4      arrays

GPU
– CuPy   missing  a GPU
         Both are missing.
         pip install it

All that minigrad needs is here. Of the rest: 1 missing."""
    )


def test_only_what_is_required_is_an_error():
    assert Report((FINE, LACKS)).exit_code == 0 and Report((FINE, LACKS))
    wrong = Report((FINE, OLD, LACKS))
    assert wrong.exit_code == 1 and not wrong
    assert "✗ tqdm" in wrong.text() and wrong.text().endswith("see tqdm.")


def test_colours_change_no_column():
    plain, coloured = Report((FINE, OLD, LACKS)).text(), Report((FINE, OLD, LACKS)).text(colours=Colours(True))
    assert "\033[" in coloured
    assert re.sub(r"\033\[[\d;]*m", "", coloured) == plain


def test_the_command_prints_json_and_gives_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(command, "examine", lambda time_limit: Report((FINE, OLD)))
    assert main(["doctor", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["findings"][1] == {
        "name": "tqdm", "purpose": "the bar", "state": "broken", "version": "1.0", "detail": "It is old.",
        "remedy": "pip install tqdm", "required": True, "group": "Needed",
    }  # fmt: skip
    monkeypatch.setattr(command, "examine", lambda time_limit: Report((FINE, LACKS)))
    assert main(["doctor"]) == 0
    assert "\033[" not in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused(limit, capsys):
    with pytest.raises(SystemExit):
        main(["doctor", f"--time-limit={limit}"])
    assert re.search(
        rf"--time-limit: (must be greater than 0, not {limit}|invalid number of seconds value: '{limit}')\n",
        capsys.readouterr().err,
    )


def test_this_machine_as_it_is():
    result = subprocess.run([sys.executable, "-m", "minigrad", "doctor"], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    assert "All that minigrad needs is here." in result.stdout
    assert max(len(line) for line in result.stdout.splitlines() if "pip" not in line and "PATH" not in line) <= 80
    page = (ROOT / "docs" / "how-to" / "doctor.md").read_text("utf-8")
    shown = page.split("```text\n")[1].split("```")[0]
    assert names_of(shown) == names_of(result.stdout)


def names_of(text):
    return re.findall(r"^[✓!–✗] (\S+)", text, re.MULTILINE)


@pytest.mark.parametrize("name", [one.module for one in software.NEEDED])
def test_it_starts_without_what_it_is_to_miss(name):
    code = f"import sys; sys.modules[{name!r}] = None; import minigrad.cli"
    subprocess.run([sys.executable, "-c", code], check=True)
