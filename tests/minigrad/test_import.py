import subprocess
import sys

import pytest

OPTIONAL = ["matplotlib", "cv2", "graphviz", "cupy", "torch", "tqdm", "safetensors", "pandas", "IPython"]


def run(code):
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_importing_the_library_loads_nothing_optional():
    code = f"import sys, minigrad; print([name for name in {OPTIONAL} if name in sys.modules])"
    assert run(code).strip() == "[]"


def test_training_and_saving_load_only_what_they_use():
    code = "import sys, minigrad as mg, minigrad.training; mg.nn.Linear(1, 1)(mg.ones(1, 1)).sum().backward()"
    assert run(f"{code}; print([name for name in {OPTIONAL} if name in sys.modules])").strip() == "[]"


@pytest.mark.parametrize("missing", ["safetensors", "tqdm"])
def test_the_library_works_without_what_it_does_not_use(missing):
    run(f"import sys; sys.modules[{missing!r}] = None; import minigrad.training, minigrad as mg; mg.ones(2).sum()")
