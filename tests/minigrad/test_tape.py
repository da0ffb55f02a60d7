"""The tape: order, counting, accumulation, memory, hooks, versions, and what it tells about itself.

Each report under "Engine" of the frameworks before this one has its test here or in test_lift.py and test_tensor.py.
"""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
from minigrad.tape import FREED


def leaf(*values: float) -> mg.Tensor:
    return mg.tensor(values[0] if len(values) == 1 else list(values), dtype="float64", requires_grad=True)


# -- order and counting ------------------------------------------------------------------------------------------------


def test_diamond_adds_both_ways_before_going_on():
    a = leaf(3.0)
    b = a + a
    c = b + b * a  # dc/da = 2 + 4a
    c.backward()
    assert a.grad.item() == 14.0


def test_unbalanced_diamond_waits_for_the_longer_way():
    a = leaf(2.0)
    b = a * a
    long_way = b
    for _ in range(10):
        long_way = long_way + 1
    (long_way * b).backward()  # (a² + 10) a²
    assert a.grad.item() == pytest.approx(4 * 2.0**3 + 20 * 2.0)


def test_a_chain_of_100_000_ops_does_not_recurse():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1e-6
    y.backward()
    assert x.grad.item() == 1.0
    del y  # freeing it must not recurse either


def test_stacked_diamonds_cost_no_more_than_their_records():
    x = leaf(1.0)
    y = x
    for _ in range(60):  # path by path this would be 2^60 visits
        y = y + y
    with mg.Tape() as tape:
        visits = []
        y.register_hook(lambda gradient: visits.append(1))
        y.backward()
    assert x.grad.item() == 2.0**60
    assert visits == [1] and len(tape) == 0


def test_records_are_numbered_in_the_order_of_computation():
    x = leaf(1.0)
    with mg.Tape() as tape:
        x.exp().sin().cos()
    numbers = [record.number for record in tape]
    assert numbers == sorted(numbers) and len(set(numbers)) == 3


def test_only_what_leads_to_the_result_is_visited():
    x, y = leaf(1.0), leaf(1.0)
    x * 2, y * 3
    (x * 5).backward()
    assert x.grad.item() == 5.0 and y.grad is None


def test_a_zero_gradient_is_a_gradient():
    x = leaf(0.0, 0.0)
    (x * 0.0).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0.0, 0.0]


def test_the_result_itself_may_be_a_leaf():
    x = leaf(1.0, 2.0)
    upstream = mg.tensor([3.0, 4.0], dtype="float64")
    x.backward(upstream)
    upstream.array[0] = 99.0
    assert x.grad.tolist() == [3.0, 4.0]


# -- accumulation ------------------------------------------------------------------------------------------------------


def test_backward_twice_is_an_error_that_names_op_shape_and_line():
    x = leaf(3.0)
    y = x * x * x
    y.backward()
    assert x.grad.item() == 27.0
    with pytest.raises(RuntimeError, match=r"used already.*mul of \(\) and \(\).*test_tape.py:\d+: y = x \* x \* x"):
        y.backward()
    assert x.grad.item() == 27.0


def test_backward_twice_with_retain_graph_adds_the_same_again():
    x = leaf(3.0)
    y = x * x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 54.0


def test_a_used_part_is_found_before_anything_is_accumulated():
    x, w = leaf(2.0), leaf(5.0)
    shared = x * x
    (shared * 1.0).backward()
    with pytest.raises(RuntimeError, match="used already"):
        (shared * w).backward()
    assert x.grad.item() == 4.0 and w.grad is None


def test_gradients_of_two_losses_add_up_in_the_same_tensor():
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first and x.grad.tolist() == [5.0, 5.0]


def test_gradients_of_one_sum_do_not_share_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).backward(mg.tensor([10.0, 10.0]))
    a.grad.array.clip(-1, 1, out=a.grad.array)
    assert b.grad.tolist() == [10.0, 10.0]


def test_gradients_do_not_share_memory_with_the_upstream_gradient_or_the_cache():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    upstream = mg.tensor([1.0, 1.0], dtype="float64")
    product = x * y
    product.backward(upstream, retain_graph=True)
    for kept in (upstream, x, y):
        assert not np.shares_memory(x.grad.array, kept.array)
    op = mg.differentiable(lambda x: (x * 2, np.full_like(x, 2.0)), lambda dout, cache: cache, name="returns_cache")
    z = leaf(1.0, 2.0)
    once = op(z)
    once.sum().backward(retain_graph=True)
    z.grad.zero_()
    once.sum().backward()
    assert z.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("reduce", [lambda x: x.sum(), lambda x: x.mean(), lambda x: x.expand(3, 2).sum()])
def test_gradients_can_be_changed_in_place_although_they_were_broadcast(reduce):
    x = leaf(1.0, 2.0)
    reduce(x).backward()
    x.grad.array.clip(-0.1, 0.1, out=x.grad.array)
    assert x.grad.tolist() == [0.1, 0.1]


def test_gradients_are_c_ordered_even_for_transposed_use():
    weight = mg.randn(5, 3, requires_grad=True)
    mg.nn.functional.linear(mg.randn(4, 3), weight).sum().backward()
    assert weight.grad.array.flags.c_contiguous
    weight.grad = None
    (mg.randn(4, 3) @ weight.T).sum().backward()
    assert weight.grad.array.flags.c_contiguous


# -- memory (with the collector off) -----------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_dropped_loss_frees_its_graph_at_once(no_collector):
    x = mg.randn(10, requires_grad=True)
    hidden = x * 2
    watch = weakref.ref(hidden.array)
    loss = (hidden * hidden).sum()
    del hidden
    assert watch() is not None  # the cache holds it
    del loss
    assert watch() is None


def test_a_hook_and_retain_grad_make_no_circle(no_collector):
    x = mg.randn(10, requires_grad=True)
    hidden = x * 2
    hidden.retain_grad()
    hidden.register_hook(lambda gradient: None)
    watch = weakref.ref(hidden)
    del hidden
    assert watch() is None


def test_backward_frees_what_was_saved_although_the_loss_lives(no_collector):
    x = mg.randn(10, requires_grad=True)
    hidden = x * 2
    watch = weakref.ref(hidden.array)
    loss = (hidden * hidden).sum()
    record = loss.record
    del hidden
    loss.backward()
    assert watch() is None and record.cache is FREED


def test_no_garbage_is_left_by_training(no_collector):
    net = mg.nn.Sequential(mg.nn.Linear(4, 3), mg.nn.ReLU(), mg.nn.Linear(3, 2))
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        mg.nn.functional.cross_entropy(net(mg.randn(5, 4)), mg.tensor([0, 1, 0, 1, 1])).backward()
        optimizer.step()

    step()
    gc.collect()
    for _ in range(3):
        step()
    assert gc.collect() == 0


def test_tensors_that_need_no_gradient_leave_no_record():
    with mg.Tape() as tape:
        y = mg.ones(3) * 2
        with mg.no_grad():
            z = leaf(1.0) * 2
    assert len(tape) == 0 and y.is_leaf and z.is_leaf and not z.requires_grad


# -- hooks -------------------------------------------------------------------------------------------------------------


def test_a_leafs_hook_fires_as_soon_as_its_last_use_was_visited():
    order = []
    first, last = leaf(1.0), leaf(1.0)

    def passing(name):
        return mg.differentiable(lambda x: (x * 1, None), lambda dout, cache: (order.append(name), dout)[1], name=name)

    y = passing("late op")(passing("early op")(first) * last)
    last.register_post_accumulate_grad_hook(lambda tensor: order.append(f"last leaf {tensor.grad.item()}"))
    first.register_post_accumulate_grad_hook(lambda tensor: order.append("first leaf"))
    y.backward()
    assert order == ["late op", "last leaf 1.0", "early op", "first leaf"]


def test_a_leaf_that_is_used_twice_is_final_only_after_both():
    x = leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.item()))
    (x * 3 + (x * 1).sin() * 0).backward()
    assert seen == [3.0]


def test_a_leaf_behind_a_path_without_gradient_is_final_all_the_same():
    x, y = leaf(1.0), leaf(1.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.item()))
    stops = mg.differentiable(lambda a, b: (a + b, None), lambda dout, cache: (None, dout), name="stops")
    (stops(x * 2, y) + x * 5).backward()
    assert seen == [5.0] and y.grad.item() == 1.0


def test_a_hook_on_an_intermediate_result_sees_and_replaces_its_complete_gradient():
    x = leaf(2.0)
    hidden = x * 1
    seen = []
    hidden.register_hook(lambda gradient: seen.append(gradient.item()) or gradient * 10)
    (hidden * 3 + hidden * 4).backward()
    assert seen == [7.0] and x.grad.item() == 70.0


def test_a_hook_on_a_leaf_replaces_what_is_accumulated():
    x = leaf(2.0)
    x.register_hook(lambda gradient: gradient * -1)
    (x * 3).backward()
    assert x.grad.item() == -3.0


def test_a_removed_hook_is_not_called():
    x = leaf(2.0)
    handle = x.register_hook(lambda gradient: gradient * 100)
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 3.0


@pytest.mark.parametrize("leads_to", [lambda x: x, lambda x: x * 1], ids=["leaf", "result"])
def test_a_hook_that_removes_itself_skips_no_other(leads_to):
    order = []
    x = leads_to(leaf(2.0))
    once = x.register_hook(lambda gradient: order.append("once") or once.remove())
    x.register_hook(lambda gradient: order.append("always"))
    y = x * 3
    y.backward(retain_graph=True)
    y.backward()
    assert order == ["once", "always", "always"]


def test_a_hook_after_accumulation_that_removes_itself_skips_no_other():
    order = []
    x = leaf(2.0)
    once = x.register_post_accumulate_grad_hook(lambda tensor: order.append("once") or once.remove())
    x.register_post_accumulate_grad_hook(lambda tensor: order.append("always"))
    (x * 3).backward()
    assert order == ["once", "always"]


def test_a_gradient_that_a_hook_keeps_or_returns_is_not_accumulated_into():
    x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
    seen, fixed = [], mg.ones(2, dtype="float64")
    x.register_hook(seen.append)
    y.register_hook(lambda gradient: fixed)
    for _ in range(2):
        (x * 3 + y).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0] and [gradient.tolist() for gradient in seen] == [[3.0, 3.0]] * 2
    assert y.grad.tolist() == [2.0, 2.0] and fixed.tolist() == [1.0, 1.0]


def test_a_hook_may_change_its_gradient_in_place_and_no_other():
    for shape in ((), (2,)):
        x, y = mg.ones(shape, requires_grad=True), mg.ones(shape, requires_grad=True)
        left, right = x * 1, y * 1
        for tensor in (x, left):
            tensor.register_hook(lambda gradient: gradient.mul_(2) and None if gradient.ndim == 0 else gradient.mul_(2))
        (left + right).sum().backward()  # add hands one array to both
        assert x.grad.sum().item() == 4 * y.grad.sum().item() == 4 * y.numel()


def test_a_hook_can_run_again_after_it_raised():
    x = leaf(2.0)
    y = x * x
    errors = [KeyError("once")]

    def fail_once(gradient):
        if errors:
            raise errors.pop()

    y.register_hook(fail_once)
    z = y * 3
    with pytest.raises(KeyError):
        z.backward(retain_graph=True)
    assert x.grad is None
    z.backward()
    assert x.grad.item() == 12.0


def test_retain_grad_keeps_what_the_hooks_made_of_it():
    x = leaf(2.0)
    hidden = x * 1
    hidden.retain_grad()
    hidden.register_hook(lambda gradient: gradient * 2)
    (hidden * 3).backward()
    assert hidden.grad.item() == 6.0 and x.grad.item() == 6.0


def test_without_retain_grad_an_intermediate_result_keeps_no_gradient():
    x = leaf(2.0)
    hidden = x * 1
    (hidden * 3).backward()
    with pytest.warns(UserWarning, match=r"^grad: this is an intermediate result, of mul of .* retain_grad\(\) before"):
        assert hidden.grad is None


def test_who_asked_for_the_gradient_or_is_in_no_graph_is_not_told_to_ask():
    x = leaf(2.0)
    hidden = x * 1
    hidden.retain_grad()
    values, places = mg.stack([hidden, x]).sort()
    values.retain_grad()
    assert hidden.grad is values.grad is places.grad is (x.detach() * 1).grad is x.grad is None


def test_a_hook_with_the_wrong_shape_is_an_error():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda gradient: gradient.sum())
    with pytest.raises(mg.ShapeError, match=r"register_hook: \(\) cannot replace a gradient of \(2,\)"):
        (x * 2).sum().backward()


def test_a_hook_with_the_wrong_dtype_or_no_tensor_is_an_error():
    x, y = leaf(1.0), leaf(1.0)
    x.register_hook(lambda gradient: gradient.float())
    with pytest.raises(mg.DtypeError, match="register_hook: float32 cannot replace a gradient of float64"):
        (x * 2).backward()
    y.register_hook(lambda gradient: 3.0)
    with pytest.raises(TypeError, match="register_hook: a hook returns a Tensor or None, got float"):
        (y * 2).backward()


# -- memory that changes -----------------------------------------------------------------------------------------------


def test_changing_a_saved_tensor_in_place_is_an_error_at_backward():
    x = mg.ones(3, dtype="float64")
    w = leaf(1.0, 2.0, 3.0)
    y = (w * x).sum()
    x += 1
    with pytest.raises(RuntimeError, match=r"saved for the gradient of mul of \(3,\) and \(3,\).*changed in place"):
        y.backward()


def test_changing_a_tensor_that_was_not_saved_is_legal():
    x = mg.ones(3, dtype="float64")
    w = leaf(1.0, 2.0, 3.0)
    y = (w + x).sum()
    x += 1
    y.backward()
    assert w.grad.tolist() == [1.0, 1.0, 1.0]


def test_a_change_through_a_view_detach_data_or_a_numpy_sharing_tensor_is_noticed():
    for other in (
        lambda t: t[1:],
        lambda t: t[0],
        lambda t: t.reshape(3, 1),
        lambda t: t.detach(),
        lambda t: t.data,
        lambda t: mg.from_numpy(t.array),
        lambda t: mg.from_numpy(t.array[::-1]),
    ):
        x = mg.ones(3, dtype="float64")
        w = leaf(1.0, 2.0, 3.0)
        y = (w * x).sum()
        other(x).mul_(2)
        with pytest.raises(RuntimeError, match="changed in place"):
            y.backward()


def test_changing_a_saved_result_is_noticed():
    w = leaf(1.0, 2.0)
    y = w.exp()  # its gradient is saved as y itself
    with mg.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_an_optimiser_step_between_forward_and_backward_is_noticed():
    w = mg.nn.Parameter(mg.ones(3))
    other = (w * w).sum()
    (w * 2).sum().backward()
    mg.optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        other.backward()


def test_a_change_before_the_forward_pass_is_no_matter():
    x = mg.ones(3)
    x += 1
    w = leaf(1.0, 2.0, 3.0)
    (w * x).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0, 2.0]


def test_the_version_counts_the_changes_of_the_memory():
    x = mg.ones(3)
    view = x[:2]
    assert x._version == 0
    view.add_(1)
    assert x._version == view._version == 1


def test_edits_of_memory_that_died_are_forgotten():
    from minigrad.tape import edits

    before = len(edits._by_owner)
    for _ in range(100):
        mg.ones(3).add_(1)
    assert len(edits._by_owner) == before


# -- what it tells -----------------------------------------------------------------------------------------------------


class Net(mg.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = mg.nn.Linear(6, 5)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return self.fc1(x).relu()


def test_a_tape_prints_as_a_table():
    mg.manual_seed(0)
    net = Net()
    with mg.Tape() as tape:
        loss = net(mg.ones(4, 6)).sum()
        before = str(tape).splitlines()
        loss.backward()
    after = str(tape).splitlines()
    assert before[0].split() == ["step", "op", "module", "in", "out", "bytes", "kept", "|gradient|", "line"]
    assert before[2].split()[:8] == ["0", "linear", "net.fc1", "4x6,", "5x6,", "5", "4x5", "236"]
    assert [row.split("—")[0].split()[1] for row in before[2:]] == ["linear", "relu", "sum"]
    assert all("—" in row for row in before[2:])  # no gradient yet is not a gradient of 0
    assert after[4].endswith("test_tape.py:" + after[4].rsplit(":", 2)[1] + ": loss = net(mg.ones(4, 6)).sum()")
    assert "4.472" in after[3]  # the norm of 20 ones arrived at relu's result
    assert "return self.fc1(x).relu()" in after[2]


def test_a_tape_without_modules_has_no_module_column():
    x = leaf(1.0)
    with mg.Tape() as tape:
        x * 2
    assert "module" not in str(tape)


def test_a_tape_keeps_values_and_gradients_in_order():
    x = leaf(2.0)
    with mg.Tape() as tape:
        y = x * 3
        z = y * y
        z.backward()
    assert [record.kept.arrays[0].item() for record in tape] == [6.0, 36.0]
    assert [record.kept.gradients[0].item() for record in tape] == [12.0, 1.0]
    assert tape[0] is y.record and list(tape) == tape.records


def test_a_tape_stops_listening_after_an_exception():
    tape = mg.Tape()
    with pytest.raises(KeyError), tape:
        raise KeyError
    leaf(1.0) * 2
    assert len(tape) == 0


def test_a_record_knows_the_users_line():
    x = leaf(1.0)
    y = x.exp()
    assert y.record.line.endswith("y = x.exp()")
    assert y.record.where[0] == __file__


def test_a_line_in_a_cell_of_a_notebook_is_named_by_the_cell(monkeypatch):
    """The file of a cell is called by the hash of what is in it."""
    compiler = pytest.importorskip("IPython.core.compilerop").CachingCompiler()
    shell = SimpleNamespace(compile=compiler)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    cell = "with mg.Tape() as tape:\n    y = x.exp()\n"
    names = {"mg": mg, "x": leaf(1.0)}
    exec(compile(cell, compiler.cache(cell, number=7), "exec"), names)
    assert names["tape"][0].line == "In[7]:2: y = x.exp()"
    assert repr(names["tape"]).endswith("In[7]:2: y = x.exp()")
    assert mg.trace(names["y"]).rows[1]["file"] == "In[7]"
    assert leaf(1.0).exp().record.line.startswith("test_tape.py:")


def test_a_line_in_the_middle_of_a_long_statement_is_the_ops_own():
    x = leaf(1.0)
    # fmt: off
    y = (
        x.exp()
        + x.sin()
    )
    # fmt: on
    exp = y.record.sources[0]
    assert exp.line.endswith("x.exp()")


def test_a_users_file_beside_the_package_is_not_taken_for_ours():
    """A path that begins like the package's, such as `minigrad_notes.py` next to `minigrad/`."""
    notes = mg.__path__[0] + "_notes.py"
    scope = {"x": leaf(1.0)}
    exec(compile("def forward():\n    return x.exp()\n", notes, "exec"), scope)
    assert scope["forward"]().record.where == (notes, 2)


def test_a_cache_may_hold_modules_and_things_that_hold_themselves():
    class Circle:
        def __init__(self, x):
            self.x, self.itself = x, self

    op = mg.differentiable(lambda x: (x * 1, (np, Circle(x))), lambda dout, cache: dout, name="op")
    x = leaf(1.0, 2.0)
    with mg.Tape() as tape:
        y = op(x).sum()
    assert tape[0].saved_bytes == 16
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_threads_that_share_a_leaf_lose_no_gradient():
    shared = mg.zeros(300_000, requires_grad=True)
    shared.grad = mg.zeros(300_000)

    def work() -> None:
        for _ in range(10):
            (shared * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (shared.grad == 40).all()


def test_threads_have_their_own_modes_and_tapes():
    seen = {}

    def other() -> None:
        x = leaf(2.0)
        (x * x).backward()
        seen["grad"] = x.grad.item()
        seen["enabled"] = mg.is_grad_enabled()

    with mg.no_grad(), mg.Tape() as tape:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == {"grad": 4.0, "enabled": True} and len(tape) == 0
