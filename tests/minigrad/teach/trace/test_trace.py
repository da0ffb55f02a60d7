"""A trace tells what backward() does, number by number, and leaves no trace of its own."""

import gc
import json
import sys
import weakref

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import minigrad as mg
import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.teach.script import DEMOS, demo, trace_script
from tests.minigrad.programs import programs

# pytest undoes what minigrad says to Python: that no division by 0 is to be warned of.
as_minigrad_does = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def diamond():
    a = mg.tensor(3.0, requires_grad=True)
    with mg.Tape():
        b = a + a
        c = b + b * a
    return a, mg.trace(c)


def small_cnn():
    mg.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5)),
        nn.Linear(12, 4),
    )
    return net, mg.randn(3, 1, 4, 6), mg.tensor([0, 3, 1])


def array(plain):
    """The array that plain data tell."""
    return np.array([float(value) for value in plain["values"]]).reshape(plain["shape"]).astype(plain["dtype"])


def of_leaf(trace, name):
    return next(one for one in trace.gradients if one["name"] == name)


def test_the_diamond_is_told_in_order_with_every_sum():
    _, trace = diamond()
    assert [(step["op"], step["outputs"][0]["name"]) for step in trace.steps] == [
        ("add", "c"),
        ("mul", "b * a"),
        ("add", "b"),
    ]
    told = [
        (
            given["name"],
            step["upstream"][0]["values"][0],
            given["sums"][0]["terms"][0]["local"],
            given["contribution"]["values"][0],
            given["before"] and given["before"]["values"][0],
            given["after"]["values"][0],
            (given["received"], given["of"]),
        )
        for step in trace.steps
        for given in step["inputs"]
    ]
    assert told == [
        ("b", 1.0, 1.0, 1.0, None, 1.0, (1, 2)),
        ("b * a", 1.0, 1.0, 1.0, None, 1.0, (1, 1)),
        ("b", 1.0, 3.0, 3.0, 1.0, 4.0, (2, 2)),
        ("a", 1.0, 6.0, 6.0, None, 6.0, (1, 3)),
        ("a", 4.0, 1.0, 4.0, 6.0, 10.0, (2, 3)),
        ("a", 4.0, 1.0, 4.0, 10.0, 14.0, (3, 3)),
    ]
    assert [[(one["name"], one["received"], one["of"]) for one in step["waiting"]] for step in trace.steps] == [
        [("b", 1, 2)],
        [("a", 1, 3)],
        [],
    ]
    assert trace.steps[1]["source"] == "c = b + b * a" and trace.steps[1]["file"] == "test_trace.py"


@pytest.mark.parametrize("name", DEMOS)
def test_the_steps_add_up_to_what_backward_gives_and_differences_agree(name):
    trace = trace_script(demo(name), f"{name}.py")
    variables = {}
    exec(demo(name), variables)
    leaves = {name: one for name, one in variables.items() if isinstance(one, mg.Tensor) and one.is_leaf}
    variables["loss"].backward()
    assert trace.gradients and len(trace) == len(trace.steps)
    for one in trace.gradients:
        if one["name"] in leaves and leaves[one["name"]].requires_grad:
            np.testing.assert_array_equal(array(one["gradient"]), leaves[one["name"]].grad.array)
        assert one["check"]["verdict"] == "agrees"
        last = [given for step in trace.steps for given in step["inputs"] if given["row"] == one["row"]][-1]
        assert last["after"] == one["gradient"] and last["received"] == last["of"]
    checks = [check for step in trace.steps for check in step["checks"]]
    assert checks and all(check["verdict"] == "agrees" for check in checks)


def test_of_a_network_it_is_what_backward_gives_bit_by_bit_and_changes_nothing():
    net, x, y = small_cnn()
    with mg.Tape() as tape:
        hidden = net[0](x)
        hidden.retain_grad()
        loss = F.cross_entropy(net[1:](hidden), y)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    trace = mg.trace(loss)
    assert all(parameter.grad is None for parameter in net.parameters()) and hidden.grad is None
    assert all(set(record.kept.gradients) == {None} for record in tape)
    assert all((before[name] == value).all() for name, value in net.state_dict().items())
    twice = mg.trace(loss)
    assert json.dumps(trace.steps) == json.dumps(twice.steps)
    loss.backward()
    for name, parameter in net.named_parameters():
        told = of_leaf(trace, f"net.{name}")["gradient"]
        np.testing.assert_array_equal(array(told), parameter.grad.array, err_msg=name)
    assert all(one["check"]["verdict"] == "agrees" for one in trace.gradients)


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs(max_steps=8))
def test_random_programs(program):
    leaves = [mg.tensor(one, requires_grad=True) for one in program.arrays()]
    with mg.Tape():
        loss = sum((value * value).sum() for value in program.run(mg, leaves))
    trace = mg.trace(loss)
    json.loads(json.dumps(trace.steps, allow_nan=False))
    for step in trace.steps:
        for given_ in step["inputs"]:
            for one in given_.get("sums", []):
                told = sum(term["upstream"] * term["local"] for term in one["terms"]) + one["rest"]
                size = max(1.0, *(abs(term["product"]) for term in one["terms"])) if one["terms"] else 1.0
                assert abs(told - one["total"]) < 1e-6 * size, f"{step['op']} in\n{program}"
        wrong = [check for check in step["checks"] if check and check["verdict"] == "differs"]
        assert not wrong, f"{step['op']}: {wrong} in\n{program}"
    loss.backward()
    for leaf in leaves:
        told = [one for one in trace.gradients if one["gradient"] and array(one["gradient"]).shape == leaf.shape]
        assert any(np.array_equal(array(one["gradient"]), leaf.grad.array) for one in told), str(program)


def test_what_is_kept_for_backward_is_named_scalars_too():
    _, trace = diamond()
    assert [[(one["name"], one["value"]["values"]) for one in step["cache"]] for step in trace.steps] == [
        *([], [("x", [6.0]), ("y", [3.0])], []),
    ]


def test_a_gradient_that_is_there_already_is_added_to():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    (w * 3).sum().backward()
    loss = (w * 2).sum()
    one = of_leaf(mg.trace(loss), "w")
    assert [one[what]["values"] for what in ("before", "gradient", "after")] == [[3, 3], [2, 2], [5, 5]]
    np.testing.assert_array_equal(w.grad.array, [3, 3])


def test_broadcasting_is_a_step_of_its_own():
    x, b = mg.ones(4, 3), mg.zeros(1, 3, requires_grad=True)
    with mg.Tape():
        loss = ((x + b) * mg.arange(12.0).reshape(4, 3)).sum()
    (given_,) = [one for step in mg.trace(loss).steps for one in step["inputs"] if one["name"] == "b"]
    assert given_["contribution"]["shape"] == [4, 3]
    assert (given_["summed"]["axes"], given_["summed"]["from"], given_["summed"]["to"]) == ([0], [4, 3], [1, 3])
    assert given_["after"]["values"] == [18, 22, 26]


def test_an_upstream_gradient_can_be_given():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    y = w * w
    assert of_leaf(mg.trace(y, mg.tensor([10.0, 1.0])), "w")["gradient"]["values"] == [20, 4]


def test_without_a_tape_values_that_no_variable_holds_are_not_kept():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).exp().sum()
    trace = mg.trace(loss)
    assert not trace.is_kept
    assert trace.steps[1]["outputs"][0]["value"] is None and trace.gradients[0]["check"] is None
    assert "mg.Tape()" in trace.as_text()


def test_after_backward_it_goes_by_what_a_tape_kept():
    a = mg.tensor(3.0, requires_grad=True)
    with mg.Tape() as tape:
        b = a * a
        b.backward()
    trace = mg.trace(b)
    one = of_leaf(trace, "a")
    assert [one[what]["values"] for what in ("before", "gradient", "after")] == [[6], [6], [12]]
    with pytest.raises(RuntimeError, match="used already"):
        b.backward()
    assert tape.records[0].cache is mg.tape.FREED


def test_hooks_have_their_say():
    a = mg.tensor([1.0], requires_grad=True)
    b = a * 2
    b.register_hook(lambda gradient: gradient * 10)
    trace = mg.trace(b.sum())
    assert trace.steps[1]["hooked"] and not trace.steps[0]["hooked"]
    assert of_leaf(trace, "a")["gradient"]["values"] == [20]


def test_what_a_hook_made_is_no_slope_and_is_not_held_against_one():
    a, w = mg.tensor([1.0], requires_grad=True), mg.tensor([2.0], requires_grad=True)
    with mg.Tape():
        b = a * 2
        b.register_hook(lambda gradient: gradient * 10)
        loss = (b * w).sum()
    trace = mg.trace(loss)
    assert [[check and check["verdict"] for check in step["checks"]] for step in trace.steps] == [
        *(["agrees"], ["agrees"], [None]),
    ]
    assert of_leaf(trace, "a")["check"] is None and of_leaf(trace, "w")["check"]["verdict"] == "agrees"
    w.register_hook(lambda gradient: gradient * 10)
    told = mg.trace(loss)
    assert of_leaf(told, "w")["hooked"] and of_leaf(told, "w")["check"] is None and not of_leaf(told, "a")["hooked"]
    assert "w  [20]   what a hook made of it" in told.as_text()


@as_minigrad_does
def test_the_step_in_which_a_nan_appears_is_marked_forwards_and_backwards():
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    with mg.Tape():
        root = x.sqrt()
        loss = (root * 2).sum()
    marks = [step["not_finite"] for step in mg.trace(loss).steps]
    assert marks == ["", "", "the first NaN or Inf of this backward pass is in the gradient for x"]
    with mg.Tape():
        bad = (x - 0.5).log()
        loss = (bad + 1).sum()
    trace = mg.trace(loss)
    assert [row["outputs"][0]["name"] for row in trace.rows if row["not_finite"]] == ["bad"]
    assert "the first NaN or Inf of the forward pass is here" in trace.as_text()
    json.loads(json.dumps([trace.rows, trace.steps], allow_nan=False))


@as_minigrad_does
def test_inside_anomaly_mode_it_does_not_raise():
    x = mg.tensor([0.0], requires_grad=True)
    loss = x.sqrt().sum()
    with mg.autograd.detect_anomaly():
        assert mg.trace(loss).steps[1]["not_finite"]
        assert mg.autograd.is_anomaly_enabled()


def test_large_arrays_are_summarised_and_a_single_element_is_taken_apart():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(4320, 128), nn.ReLU(), nn.Linear(128, 4))
    with mg.Tape():
        loss = F.cross_entropy(net(mg.rand(1, 4320)), mg.tensor([2]))
    trace = mg.trace(loss)
    (weight,) = [one for step in trace.steps for one in step["inputs"] if one["name"] == "net.0.weight"]
    assert weight["contribution"]["values"] is None and weight["contribution"]["shape"] == [128, 4320]
    (one,) = weight["sums"]
    assert one["total"] == pytest.approx(one["terms"][0]["upstream"] * one["terms"][0]["local"], rel=1e-5)
    assert one["terms"][0]["place"] == [0, one["place"][0]]


def test_a_users_own_op_is_taken_apart_too():
    cube = mg.differentiable(lambda x: (x**3, x), lambda dout, x: dout * 3 * x**2, name="cube")
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.Tape():
        y = cube(x)
        loss = y.sum()
    given_ = mg.trace(loss).steps[1]["inputs"][0]
    assert [one["terms"][0]["local"] for one in given_["sums"]] == [3, 12] and given_["rule"] == ""


def test_a_wrong_backward_is_told_by_the_difference():
    wrong = mg.differentiable(lambda x: (x * x, x), lambda dout, x: dout * x, name="half")
    x = mg.tensor([3.0], requires_grad=True)
    with mg.Tape():
        loss = wrong(x).sum()
    check = of_leaf(mg.trace(loss), "x")["check"]
    assert (check["verdict"], check["gradient"]) == ("differs", 3) and check["slope"] == pytest.approx(6)


def test_a_backward_that_is_not_linear_is_not_taken_apart():
    bent = mg.differentiable(lambda x: (x.sum(axis=1), x), lambda dout, x: (dout**2)[:, None] * x, name="bent")
    x = mg.tensor([[3.0, 1.0], [2.0, 1.0]], requires_grad=True)
    loss = (bent(x) * mg.tensor([3.0, 2.0])).sum()
    assert mg.trace(loss).steps[2]["inputs"][0]["sums"] == []


def square(backward, cache=lambda x: x):
    """An op of a user, with this backward and this cache."""
    return mg.differentiable(lambda x: (x * x, cache(x)), backward, name="square")


def change_dout(dout, x):
    dout *= 2 * x
    return dout


def change_cache(dout, slope):
    slope *= dout
    return slope


@pytest.mark.parametrize(
    ("op", "taken_apart"),
    [
        (square(change_dout), False),
        (square(change_cache, lambda x: 2 * x), True),
        (square(lambda dout, kept: dout * 2 * kept.pop("x"), lambda x: {"x": x}), True),
    ],
    ids=["dout", "cache", "popped"],
)
def test_a_backward_that_changes_what_it_is_given_is_told_as_it_was_and_spoils_nothing(op, taken_apart):
    x = mg.tensor([1.0, -2.0], requires_grad=True)
    with mg.Tape():
        loss = (op(x) * mg.tensor([3.0, 5.0])).sum()
    trace = mg.trace(loss)
    step = trace.steps[2]
    assert step["upstream"][0]["values"] == [3, 5] and step["checks"][0]["verdict"] == "agrees"
    assert [one["total"] for one in step["inputs"][0]["sums"]] in ([[6, -20]] if taken_apart else [[6, -20], []])
    loss.backward()
    assert x.grad.tolist() == of_leaf(trace, "x")["gradient"]["values"] == [6, -20]


def test_a_backward_that_answers_only_once_is_not_taken_apart():
    answers = iter([np.array([6.0, -4.0], np.float32)])
    x = mg.tensor([3.0, -2.0], requires_grad=True)
    with mg.Tape():
        loss = square(lambda dout, x: next(answers))(x).sum()
    trace = mg.trace(loss)
    assert trace.steps[1]["inputs"][0]["sums"] == [] and trace.gradients[0]["check"]["verdict"] == "agrees"


def test_products_that_are_not_what_backward_says_are_not_told():
    wrong_mask = mg.differentiable(lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (dout > 0), name="ramp")
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.Tape():
        loss = (wrong_mask(x) * mg.tensor([-1.0, 2.0])).sum()
    (one,) = mg.trace(loss).steps[2]["inputs"][0]["sums"]  # of the other, -1 x 1 = 0 would be told
    assert (one["place"], one["total"]) == ([1], 2)


def test_a_kink_is_no_error():
    x = mg.tensor([0.0], requires_grad=True)
    with mg.Tape():
        loss = x.relu().sum()
    assert of_leaf(mg.trace(loss), "x")["check"]["verdict"] == "kink"


def test_an_op_that_a_user_has_named_like_one_of_ours_is_the_users():
    mine = mg.differentiable(lambda x: (3 * x, None), lambda dout, _: 3 * dout, name="relu")
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    trace = mg.trace((mine(x) * x.relu()).sum())
    told = {(step["pair"], step["inputs"][0]["rule_text"]) for step in trace.steps if step["op"] == "relu"}
    assert told == {("", ""), ("elementwise.relu", "dx = dout ⊙ [x > 0]")}


def test_what_a_users_op_holds_goes_with_it(tmp_path):
    def times(held):
        return mg.differentiable(lambda x: (x * held, None), lambda dout, _: dout * held, name="times")

    held = np.ones(3)
    trace = mg.trace(times(held)(mg.tensor([1.0, 2.0, 3.0], requires_grad=True)).sum())
    trace.to_html(tmp_path / "trace.html")
    gone = weakref.ref(held)
    del held
    gc.collect()  # a lifted function refers to itself
    assert gone() is None and len(trace) == 2


def test_nothing_is_held_afterwards():
    a = mg.tensor([1.0, 2.0], requires_grad=True)
    b = a * a
    held = weakref.ref(b.array)
    gc.disable()
    try:
        trace = mg.trace((b * b).sum())
        del b
        _ = sys._getframe().f_locals  # before Python 3.13 a frame keeps the variables that it was once asked for
        assert held() is None
    finally:
        gc.enable()
    assert len(trace) == 3


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: mg.trace(3.0), TypeError, "expected a Tensor, such as a loss, got float"),
        (lambda: mg.trace(mg.ones(1)), RuntimeError, "has no graph"),
        (lambda: mg.trace(mg.ones((), requires_grad=True)), RuntimeError, "is a leaf. No op made it"),
        (lambda: mg.trace(mg.ones(2, requires_grad=True) * 2), RuntimeError, "only a scalar has a gradient by itself"),
    ],
)
def test_what_cannot_be_traced_is_told_in_words(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_freed_graph_is_told_in_words():
    a = mg.tensor([1.0], requires_grad=True)
    b = a * a
    b.backward()
    with pytest.raises(RuntimeError, match=r"what it kept is freed: mul.*Trace before backward"):
        mg.trace(b)
    with mg.Tape():
        c = a * a
    c.backward()
    with mg.no_grad():
        a -= 0.1
    with pytest.raises(RuntimeError, match="was changed since then, as an optimizer's step"):
        mg.trace(c)


def test_steps_are_shown_one_by_one(capsys):
    _, trace = diamond()
    trace.show(-1)
    assert capsys.readouterr().out.startswith("step 3 of 3  add   b = a + a")
    with pytest.raises(IndexError, match=r"there are steps 0\.\.2, got 3"):
        trace.show(3)


def test_each_gradient_says_whose_contributions_it_is_the_sum_of():
    _, trace = diamond()
    assert [step["came"] for step in trace.steps] == [[[]], [[[0, 1]]], [[[0, 0], [1, 0]]]]
