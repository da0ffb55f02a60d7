"""`mg.summary`: every run of every module, with shapes, parameters and bytes, and the model left as it was."""

import pytest

import minigrad as mg
from minigrad import nn


class Net(nn.Module):
    """A layer that runs twice, one that is frozen, one that never runs, and two inputs."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 4), nn.ReLU())
        self.twice = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1000)
        self.unused = nn.Linear(3, 3)
        self.register_buffer("count", mg.zeros(()))

    def forward(self, x, shift):
        with mg.no_grad():
            self.count += mg.rand(())
        return self.head(self.twice(self.twice(self.body(x + shift))))


@pytest.fixture
def net():
    net = Net()
    net.head.requires_grad_(False)
    return net


@pytest.fixture
def seen(net):
    return mg.summary(net, (mg.randn(5, 6), mg.randn(6)))


def test_there_is_a_row_for_each_run_and_for_what_has_parameters_but_did_not_run(seen):
    assert [(row.path, row.depth, row.outputs) for row in seen.rows] == [
        ("", 0, [(5, 1000)]),
        ("body", 1, [(5, 4)]),
        ("body.0", 2, [(5, 4)]),
        ("body.1", 2, [(5, 4)]),
        ("twice", 1, [(5, 4)]),
        ("twice", 1, [(5, 4)]),
        ("head", 1, [(5, 1000)]),
        ("unused", 1, None),
    ]


def test_parameters_are_counted_once_and_the_rows_add_up(seen, net):
    total = sum(parameter.numel() for parameter in net.parameters())
    assert seen.parameters == total == sum(row.parameters for row in seen.rows)
    assert seen.parameters - seen.trainable == 5000 and seen.parameter_bytes == 4 * total
    assert [(row.parameters, row.again) for row in seen.rows if row.path == "twice"] == [(20, False), (0, True)]


def test_bytes_are_those_of_arrays_each_once(seen):
    assert [row.output_bytes for row in seen.rows] == [20000, 80, 80, 80, 80, 80, 20000, 0]
    assert seen.output_bytes == 20000 + 4 * 80  # the Sequential's is its last layer's
    assert seen.kept_bytes == sum(row.kept_bytes for row in seen.rows) > 0


def test_the_table_is_aligned_and_has_thousands_separators(seen):
    lines = str(seen).splitlines()
    assert repr(seen) == str(seen) and lines[0].split()[:3] == ["module", "kind", "output"]
    rows = lines[2 : 2 + len(seen.rows)]
    assert [line.split("  ")[0] for line in rows] == [
        "Net",
        "├─ body",
        "│",
        "│",
        "├─ twice",
        "├─ twice",
        "├─ head",
        "└─ unused",
    ]
    edge = lines[0].index("parameters") + len("parameters")
    cells = [line[:edge].split("  ")[-1].strip() for line in rows]
    assert cells == ["", "", "28", "", "20", "counted above", "5,000", "12"]
    assert "20,000" in rows[0] and "not run" in rows[7]
    assert "KiB" in str(seen)


def test_the_model_and_the_random_stream_are_left_as_they_were(net):
    inputs = mg.ones(5, 6), mg.ones(6)
    net.eval()
    mg.manual_seed(3)
    mg.summary(net, inputs)
    assert net.count.item() == 0 and not net.training and "forward" not in vars(net.body)
    assert all(parameter.grad is None for parameter in net.parameters())
    after = mg.rand(3).tolist()
    mg.manual_seed(3)
    assert after == mg.rand(3).tolist()


def test_a_model_that_fails_is_left_as_it_was(net):
    with pytest.raises(mg.ShapeError, match=r"linear: .*\(5, 7\)"):
        mg.summary(net, (mg.ones(5, 7), mg.ones(7)))
    assert "forward" not in vars(net.body)
    assert net(mg.ones(5, 6), mg.ones(6)).shape == (5, 1000)


def test_kept_bytes_are_what_backward_needs_beyond_input_and_parameters():
    linear, relu = nn.Linear(3, 2), nn.ReLU()
    assert mg.summary(linear, mg.ones(7, 3)).kept_bytes == 0  # x and the weight were there before
    kept = mg.summary(nn.Sequential(linear, relu, nn.Linear(2, 2)), mg.ones(7, 3)).kept_bytes
    with mg.Tape() as tape:
        relu(linear(mg.ones(7, 3)))
    assert kept >= tape[-1].kept.saved_bytes >= 7 * 2


def test_only_modules_are_summarised():
    with pytest.raises(TypeError, match=r"^summary: expected a Module, got function"):
        mg.summary(lambda x: x, mg.ones(1))
