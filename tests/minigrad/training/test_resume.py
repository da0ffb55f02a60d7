"""A training that is killed with SIGKILL, at any moment, and resumed ends bit by bit as one that was not."""

import random
import signal
import subprocess
import sys
import time

import pytest

from minigrad import load
from minigrad.serialization import load_metadata

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL")


def start(folder, name, kind):
    command = [sys.executable, "-m", "tests.minigrad.training.long_training"]
    arguments = [str(folder / f"{name}.checkpoint"), str(folder / f"{name}.result"), kind]
    return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out.split()


@pytest.mark.parametrize("kind", ["momentum", "adam"])
def test_killed_at_random_moments_and_resumed_it_ends_with_the_same_bits(kind, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    begun = time.perf_counter()
    assert finish(start(tmp_path, "unbroken", kind)) == ["begin", *map(str, range(1, 13))]
    whole = time.perf_counter() - begun
    kills, printed = 0, []
    for _ in range(4):
        process = start(tmp_path, "killed", kind)
        assert process.stdout.readline() == "begin\n"
        time.sleep(chance.uniform(0, whole / 4))
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
        printed += out.split()
        kills += process.returncode == -signal.SIGKILL
    printed += finish(start(tmp_path, "killed", kind))[1:]
    assert kills > 0
    expected, actual = load(tmp_path / "unbroken.result"), load(tmp_path / "killed.result")
    assert list(actual) == list(expected)
    for name in expected:
        same = actual[name].numpy().tobytes() == expected[name].numpy().tobytes()
        assert same, f"{name} differs; the moments came from seed {seed}, epochs {printed}"
    assert load_metadata(tmp_path / "killed.result") == load_metadata(tmp_path / "unbroken.result"), f"seed {seed}"


def test_killed_while_it_writes_the_checkpoint_the_one_before_is_still_whole(tmp_path):
    code = (
        "import os, signal, minigrad as mg\n"
        "path = 'c.safetensors'\n"
        "mg.save({'epoch': 1, 'w': mg.ones(5)}, path)\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "mg.save({'epoch': 2, 'w': mg.zeros(5)}, path)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL
    state = load(tmp_path / "c.safetensors")
    assert (state["epoch"], state["w"].tolist()) == (1, [1] * 5)
