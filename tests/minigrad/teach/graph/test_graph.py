"""`mg.graph`: what is drawn of a graph, and that looking at it changes nothing."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.teach.graph import graph_of_rows
from minigrad.teach.graph.picture import Cluster
from minigrad.teach.names import scopes_at
from minigrad.teach.rows import read
from minigrad.teach.script import graph_script
from tests.minigrad.teach.graph.nets import Block, Residual

SCRIPTS = Path(__file__).parent / "scripts"
ROOT = Path(__file__).parents[4]


def node(graph, first_line):
    """The one node whose text begins so."""
    (found,) = [node for node in graph.nodes if node.lines[0] == first_line]
    return found


def texts(graph):
    return {line for node in graph.nodes for line in node.lines}


def frames(graph):
    """The titles of the frames, with those of the frames around them."""

    def inside(cluster, path):
        for member in cluster.members:
            if isinstance(member, Cluster):
                yield f"{path}{member.label}"
                yield from inside(member, f"{path}{member.label} > ")

    return list(inside(graph.picture.whole, ""))


def arrows(graph):
    return [(edge.tail, edge.head) for edge in graph.edges]


def diamond():
    a = mg.tensor(3.0, requires_grad=True)
    b = a + a
    c = b + b * a
    return a, b, c


def drawn_from(script):
    return graph_script((SCRIPTS / script).read_text(encoding="utf-8"), script)


# -- the same picture always -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["diamond", "square", "two_layers"])
def test_the_text_is_as_it_was(name):
    drawn = drawn_from(f"{name}.py").to_dot()
    assert drawn == (SCRIPTS / f"{name}.dot").read_text(encoding="utf-8")


def test_every_process_draws_the_same(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "minigrad", "graph", SCRIPTS / "two_layers.py", "--out", tmp_path / "two_layers.dot"],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    here = drawn_from("two_layers.py").to_dot()
    assert (tmp_path / "two_layers.dot").read_text(encoding="utf-8") == here


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_a_diamond_has_two_arrows_from_a_to_the_first_plus():
    a = mg.tensor(3.0, requires_grad=True)
    b = a + a
    c = b + b * a
    graph = mg.graph(c)
    assert [node.lines[0] for node in graph.nodes] == ["a = 3", "+", "b = 6", "*", "+", "c = 24"]
    assert arrows(graph).count(("row-0", "row-1")) == 2
    assert ("row-1", "row-1-out-0") in arrows(graph) and ("row-1-out-0", "row-3") in arrows(graph)
    assert {use for edge in graph.edges for use in edge.uses} == {
        (0, 1, 0), (0, 1, 1), (1, 2, 0), (0, 2, 1), (1, 3, 0), (2, 3, 1),
    }  # fmt: skip


def test_inputs_parameters_constants_and_results_are_told_apart():
    x, w = mg.ones(2, 3), mg.ones(3, requires_grad=True)
    with mg.Tape():
        y = x @ w * 0.5
    kinds = {node.lines[0]: node.kind for node in mg.graph(y).nodes}
    assert kinds == {"x": "input", "w": "parameter", "0.5": "constant", "x @ y": "op", "*": "op", "y": "result"}


def test_arrows_say_shapes_and_the_argument_where_the_order_matters():
    x, w = mg.ones(2, 3), mg.ones(3, requires_grad=True)
    labels = [edge.label for edge in mg.graph((x @ w).sum()).edges]
    assert labels == ["x (2, 3)", "y", "(2,)"]


def test_values_are_shown_where_they_are_small():
    small, large = mg.tensor([1.0, 2.5], requires_grad=True), mg.arange(100.0)
    graph = mg.graph((small.sum() * large).sum())
    assert node(graph, "small").lines[1:3] == ["(2,)", "[1, 2.5]"]
    assert node(graph, "large").lines == ["large"]
    assert "[1, 2.5]" not in texts(mg.graph(small.sum(), show_values=False))


def test_a_gradient_that_is_not_there_is_a_dash_and_one_of_zero_is_0():
    a, _b, c = diamond()
    assert node(mg.graph(c), "a = 3").lines[1:] == ["grad —"]
    assert node(mg.graph(c), "c = 24").lines[1:] == ["grad —"]
    zero = a * 0.0
    zero.backward()
    assert node(mg.graph(zero), "a = 3").lines[1:] == ["grad 0"]


def test_gradients_of_results_are_shown_where_they_are_kept():
    a, b, c = diamond()
    b.retain_grad()
    c.backward()
    graph = mg.graph(c)
    assert node(graph, "a = 3").lines[1:] == [f"grad {a.grad:g}"] and node(graph, "b = 6").lines[1:] == ["grad 4"]
    assert node(graph, "c = 24").lines[1:] == []  # it had one, which nobody has kept
    assert not any("grad" in line for line in texts(mg.graph(c, show_grads=False)))
    with mg.Tape():
        _a, _b, c = diamond()
        c.backward()
    assert node(mg.graph(c), "c = 24").lines[1:] == ["grad 1"]


def test_of_a_large_gradient_the_norm_is_shown():
    w = mg.ones(5, 5, requires_grad=True)
    loss = (w * 2).sum()
    loss.backward()
    assert "|grad| 10" in node(mg.graph(loss), "w").lines


def test_results_of_several_ends_and_outputs_are_all_there():
    x = mg.arange(6.0).requires_grad_()
    first, second = x.chunk(2)
    graph = mg.graph([first.sum(), second * 2])
    assert arrows(graph).count(("row-0", "row-1")) == 1
    assert {("row-1-out-0", "row-2"), ("row-1-out-1", "row-3")} <= set(arrows(graph))


def test_two_results_of_one_op_that_another_takes_are_two_arrows():
    cell = nn.LSTMCell(2, 2)
    graph = mg.graph(cell(mg.ones(1, 2), cell(mg.ones(1, 2)))[0].sum())
    one, two = [node.id for node in graph.nodes if node.lines[0] == "lstm_cell"]
    assert arrows(graph).count((one, two)) == 2


def test_a_graph_that_backward_has_freed_is_drawn_too():
    _a, _b, c = diamond()
    before = arrows(mg.graph(c))
    c.backward()
    assert arrows(mg.graph(c)) == before


def test_highlight_makes_a_step_bold_with_the_arrows_into_it():
    a, b, c = diamond()
    graph = mg.graph(c, highlight=b)
    assert [node.id for node in graph.nodes if node.marked] == ["row-1", "row-1-out-0"]
    marked = [(edge.tail, edge.head) for edge in graph.edges if edge.marked]
    assert marked == [("row-1", "row-1-out-0"), ("row-0", "row-1"), ("row-0", "row-1")]
    assert graph.to_dot() == mg.graph(c, highlight=1).to_dot() == mg.graph(c, highlight={b, 1}).to_dot()
    assert "penwidth=3" in graph.to_dot() and "penwidth" not in mg.graph(c).to_dot()
    assert [node.id for node in mg.graph(c, highlight=a).nodes if node.marked] == ["row-0"]


# -- modules -----------------------------------------------------------------------------------------------------------


def test_modules_are_frames_in_frames_with_their_parameters():
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    graph = mg.graph(net, mg.ones(5, 3))
    assert frames(graph) == ["net: Sequential", "net: Sequential > 0: Linear", "net: Sequential > 2: Linear"]
    assert ["relu", "1: ReLU"] in [node.lines for node in graph.nodes]  # alone in its module, it needs no frame
    first = graph.picture.whole.members[1].members[0]
    assert [node.lines[0] for node in first.members] == ["weight", "bias", "linear"]
    assert node(graph, "output").kind == "result" and node(graph, "output").lines[1] == "(5, 2)"


def test_what_is_given_to_a_module_is_outside_its_frame():
    scores, labels = mg.ones(2, 3, requires_grad=True), mg.tensor([0, 1])
    loss = nn.CrossEntropyLoss()(scores, labels)
    graph = mg.graph(loss)
    assert frames(graph) == [] and {"scores", "labels", "cross_entropy", "CrossEntropyLoss"} <= texts(graph)
    assert [node.lines[0] for node in mg.graph(loss, depth=0).nodes][:2] == ["scores", "labels"]


def test_modules_below_depth_are_one_box_with_the_number_of_their_parameters():
    net = Residual(2)
    graph = mg.graph(net, mg.ones(1, 1, 5, 5), depth=1)
    boxes = [node.lines for node in graph.nodes if node.kind == "module"]
    assert boxes == [["stem: Conv2d", "40 parameters"], ["blocks: Sequential", "312 parameters"],
                     ["head: Linear", "10 parameters"]]  # fmt: skip
    whole = mg.graph(net, mg.ones(1, 1, 5, 5), depth=0)
    assert [node.lines[0] for node in whole.nodes] == ["images", "net: Residual", "output"]
    assert arrows(whole) == [("box-3", "row-23-out-0"), ("row-0", "box-3")]


def test_equal_blocks_are_drawn_once():
    net = Residual()
    graph = mg.graph(net, mg.ones(1, 1, 5, 5))
    frame = "net: Residual > blocks: Sequential > 0 … 11: Block  ×12"
    assert frames(graph) == [
        "net: Residual",
        "net: Residual > stem: Conv2d",
        "net: Residual > blocks: Sequential",
        frame,
        f"{frame} > conv: Conv2d",
        f"{frame} > norm: BatchNorm2d",
        "net: Residual > head: Linear",
    ]
    assert len(node(graph, "+").rows) == 12 and len(graph.nodes) == 17
    assert len(mg.graph(net, mg.ones(1, 1, 5, 5), roll=False).nodes) == 17 + 11 * 8


@pytest.mark.parametrize("depth", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("roll", [True, False])
def test_every_row_is_in_one_node_and_every_use_in_one_arrow_but_for_those_inside_a_box(depth, roll):
    net = Residual()
    with mg.Tape():
        loss = F.cross_entropy(net(mg.ones(2, 1, 5, 5)), mg.tensor([0, 1]))
    rows = read([loss], scopes_at(sys._getframe()))
    graph = graph_of_rows(rows, depth=depth, roll=roll)
    in_nodes = [row for node in graph.nodes for row in node.rows]
    assert sorted(in_nodes) == list(range(len(rows)))
    place = {row: node.id for node in graph.nodes for row in node.rows}
    drawn = [use for edge in graph.edges for use in edge.uses]
    uses = [(a.row, row.index, k) for row in rows for k, a in enumerate(row.arguments) if a.row is not None]
    assert len(set(drawn)) == len(drawn) and set(drawn) <= set(uses)
    assert all(place[source] == place[user] for source, user, _ in set(uses) - set(drawn))
    assert all(place[user] == edge.head for edge in graph.edges for _, user, _ in edge.uses)
    assert len({node.id for node in graph.nodes}) == len(graph.nodes)


def test_blocks_that_differ_are_all_drawn():
    narrowing = nn.Sequential(*(nn.Linear(20 - i, 19 - i) for i in range(10)))
    assert not any("×" in title for title in frames(mg.graph(narrowing, mg.ones(1, 20))))
    skips = nn.Linear(4, 4)

    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(10)])

        def forward(self, x):
            h = [skips(x)]
            for i, layer in enumerate(self.layers):
                h.append(layer(h[i // 2]))  # none is wired as the one before it
            return mg.stack(h)

    assert not any("×" in title for title in frames(mg.graph(Dense(), mg.ones(1, 4))))


def test_a_round_whose_result_all_later_ones_use_is_drawn_beside_them():
    def rounds():
        y = scale = mg.tensor(2.0, requires_grad=True) * 1.0
        for i in range(10):
            h = mg.tanh(y)
            y = h * scale
            scale = h if i == 0 else scale
        return y

    graph = mg.graph(rounds())
    assert frames(graph) == ["×9"]


def test_leaves_that_three_rounds_share_are_all_drawn():
    w = [mg.tensor(0.5, requires_grad=True) for _ in range(12)]
    y = mg.tensor(1.0)
    for i in range(10):
        y = mg.tanh(y * w[i] + w[i + 1]) - w[i + 2]
    graph = mg.graph(y)
    assert frames(graph) == [] and {f"w[{i}] = 0.5" for i in range(12)} <= texts(graph)


def test_parameters_that_a_list_or_nothing_holds_are_in_the_frame_of_their_module():
    layers = [nn.Linear(3, 3), nn.Dropout(0.5)]

    def loss_of_a_network_that_is_gone():
        net = nn.Sequential(*layers, nn.Linear(3, 1))
        return net(mg.ones(2, 3)).sum()

    whole = mg.graph(loss_of_a_network_that_is_gone()).picture.whole
    (net,) = [member for member in whole.members if isinstance(member, Cluster)]
    inside = [[node.kind for node in frame.members] for frame in net.members]
    assert inside == [["parameter", "parameter", "op"], ["input", "op"], ["parameter", "parameter", "op"]]


def test_a_loop_is_drawn_once_and_what_all_its_rounds_share_outside_it():
    w = mg.tensor(0.5, requires_grad=True)
    y = mg.tensor(1.0)
    for _ in range(1000):
        y = mg.tanh(y * w)
    graph = mg.graph(y)
    assert frames(graph) == ["×1000"] and not graph.note
    (frame,) = [member for member in graph.picture.whole.members if isinstance(member, Cluster)]
    assert [node.lines[0] for node in frame.members] == ["*", "tanh", "y"]
    assert node(graph, "w = 0.5").id in [tail for tail, _ in arrows(graph)]


def test_many_leaves_of_one_op_are_one_oval():
    parts = [mg.ones(2, requires_grad=True) for _ in range(1000)]
    graph = mg.graph(mg.cat(parts))
    assert [node.lines[0] for node in graph.nodes] == ["parts[0] … parts[999]", "cat"]
    assert [edge.label for edge in graph.edges] == ["×1000"]


def test_more_than_300_nodes_are_collapsed_by_module_which_is_said():
    layers = [nn.Sequential(nn.Linear(40 + i, 41 + i), nn.Sigmoid()) for i in range(160)]
    net = nn.Sequential(*layers)
    graph = mg.graph(net, mg.ones(1, 40))
    assert len(graph.nodes) == 162
    assert graph.note == "642 nodes are too many to read: modules deeper than depth 1 are one box each."
    assert graph.note in graph.to_dot()


def test_where_no_module_helps_the_middle_is_left_out_which_is_said():
    y = mg.tensor(0.5, requires_grad=True)
    draw = random.Random(0)
    for _ in range(500):
        y = draw.choice([mg.sin, mg.cos, mg.tanh])(y) * 2
    graph = mg.graph(y)
    assert len(graph.nodes) < 80 and graph.note.endswith("those in the middle are left out.")
    (stretch,) = [node for node in graph.nodes if node.kind == "stretch"]
    assert stretch.lines == [f"… {len(stretch.rows)} ops …"]
    assert sorted(row for node in graph.nodes for row in node.rows) == list(range(1001))


# -- it changes nothing ------------------------------------------------------------------------------------------------


def test_looking_changes_no_gradient_and_frees_nothing():
    a, _b, c = diamond()
    mg.graph(c).to_dot()
    assert a.grad is None
    c.backward()
    mg.graph(c).to_dot()
    assert a.grad.item() == 14


def test_a_module_is_left_as_it_was():
    net = nn.Sequential(Block(2), nn.Dropout(0.5))
    x = mg.randn(3, 2, 4, 4)
    net(x).sum().backward()
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    gradients = [parameter.grad.tolist() for parameter in net.parameters()]
    mg.manual_seed(3)
    with mg.Tape() as tape:
        mg.graph(net, x)
    assert len(tape) == 0 and net.training and not x.requires_grad
    assert before == {name: value.tolist() for name, value in net.state_dict().items()}
    assert gradients == [parameter.grad.tolist() for parameter in net.parameters()]
    after = mg.rand(3).tolist()
    mg.manual_seed(3)
    assert after == mg.rand(3).tolist()


def test_layers_that_are_frozen_are_drawn_and_what_comes_in_is_an_input():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    net.requires_grad_(False)
    with mg.no_grad():
        graph = mg.graph(net, mg.ones(2, 3))
    kinds = {node.lines[0]: node.kind for node in graph.nodes}
    assert kinds == {"input": "input", "weight": "input", "bias": "input", "linear": "op", "tanh": "op",
                     "output": "result"}  # fmt: skip


def test_a_module_may_take_and_give_several_tensors_and_integers():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3)

        def forward(self, words, scale, times=2):
            rows = self.table(words)
            return {"rows": rows * scale * times, "sum": rows.sum()}

    graph = mg.graph(Two(), mg.tensor([1, 4]), mg.tensor(2.0), show_values=False)
    kinds = {node.lines[0]: node.kind for node in graph.nodes}
    assert [name for name, kind in kinds.items() if kind == "input"] == ["words", "scale"]
    assert [name for name, kind in kinds.items() if kind == "result"] == ["output 0", "output 1"]


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.graph(mg.ones(2)), ValueError, r"shape \(2,\)\) has no graph: nothing it was computed from"),
        (lambda: mg.graph(mg.ones(2, requires_grad=True)), ValueError, "has no graph: it is a leaf"),
        (lambda: mg.graph(np.ones(2)), TypeError, "expected a Tensor, several, or a Module, got ndarray"),
        (lambda: mg.graph([]), TypeError, "got an empty list"),
        (lambda: mg.graph(nn.ReLU()), TypeError, r"a Module is drawn by running it once: mg.graph\(relu, x\)"),
        (lambda: mg.graph(diamond()[2], mg.ones(2)), TypeError, "example inputs are for a Module"),
        (lambda: mg.graph(diamond()[2], depth=-1), ValueError, "depth is a number of modules"),
        (lambda: mg.graph(diamond()[2], depth="1"), ValueError, "depth is a number of modules"),
        (lambda: mg.graph(diamond()[2], rankdir="down"), ValueError, "rankdir is one of TB, BT, LR, RL, got 'down'"),
        (lambda: mg.graph(diamond()[2], highlight=4), ValueError, "a row from 0 to 3, got 4"),
        (lambda: mg.graph(diamond()[2], highlight=mg.ones(3)), ValueError, r"\(shape \(3,\)\) that is not in this"),
        (lambda: mg.graph(diamond()[2], highlight="b"), TypeError, "takes Tensors and indices of rows, got str"),
    ],
)
def test_bad_input_gets_one_clear_error(call, error, message):
    with pytest.raises(error, match=f"^graph: .*{message}"):
        call()
