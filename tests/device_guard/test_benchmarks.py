"""The benchmark of a GPU runs, with tiny batches and without PyTorch, and prints what it says."""

import re

import pytest

import minigrad as mg
from tests.benchmarks import gpu, interleaved, nets
from tests.device_guard.both import only_on_the_stand_in


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(gpu, "ROUNDS", 1)
    monkeypatch.setattr(gpu, "PROMISED", {2: 2.0, 3: 1.5})
    monkeypatch.setattr(gpu, "torch_with_cuda", lambda: None)


def test_every_net_has_a_row_for_every_batch(capsys):
    assert gpu.main(["steps"]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split() == ["minigrad", "PyTorch", "ratio", "promised"]
    found = [re.fullmatch(r"(.*?) +\d+\.\d\d ms +- +- +<= (\d\.\d\d)", row).groups() for row in rows]
    assert found == [(f"{net} at {batch}", limit) for batch, limit in ((2, "2.00"), (3, "1.50")) for net in nets.NETS]


def test_every_layer_has_its_times():
    title, *rows = gpu.ops(None, "cnn", batch=2).splitlines()
    assert title.split() == ["cnn", "at", "2,", "ms", "minigrad", "forward", "minigrad", "backward"]
    layers = [type(layer).__name__ for layer in nets.cnn(mg, batch_norm=False)]
    assert [row.split()[0] for row in rows] == [*layers, "CrossEntropyLoss", "SGD"]
    assert all(float(number) >= 0 for row in rows for number in row.split()[1:])
    assert [len(row.split()) for row in rows] == [3] * (len(rows) - 1) + [2]


@only_on_the_stand_in
def test_what_is_measured_stands_in_the_head(cupy, monkeypatch):
    monkeypatch.setattr(cupy, "__version__", "14.2.0", raising=False)
    for name in ("runtimeGetVersion", "driverGetVersion"):
        monkeypatch.setattr(cupy.cuda.runtime, name, lambda: 12090, raising=False)
    device, other, what = gpu.head(None)
    assert device.startswith("stand-in, Python 3.") and device.endswith("CuPy 14.2.0 with CUDA 12090, driver 12090")
    assert other == "PyTorch left out: its build with CUDA is not installed" and "Medians of 1" in what


def test_both_precisions_are_measured_each_in_a_process_of_its_own(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(gpu, "head", lambda torch: ["the head"])
    monkeypatch.setattr(gpu.subprocess, "run", lambda command, **how: started.append((command[1:], how["env"])))
    assert gpu.main([]) == 0
    assert capsys.readouterr().out.splitlines() == ["the head", "", "Products in float32", "", "Products in TF32"]
    assert [(command, env["CUPY_TF32"]) for command, env in started] == [
        (["-m", "tests.benchmarks.gpu", "steps"], setting) for setting in ("0", "1")
    ]


def test_a_machine_without_a_gpu_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(mg.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 2
    assert capsys.readouterr().err.startswith("This measures a GPU, and CuPy sees none")


def test_the_table_has_a_ratio_where_there_are_two():
    rows = [interleaved.Comparison("net", "ms", 3.0, 2.0, 1.5), interleaved.Comparison("graph", "ms", 3.0, 4.0, None)]
    _, first, second = interleaved.table(rows).splitlines()
    assert first.split() == ["net", "3.00", "ms", "2.00", "ms", "1.50", "<=", "1.50"]
    assert second.split() == ["graph", "3.00", "ms", "4.00", "ms", "0.75"]
