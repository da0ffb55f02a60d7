"""Tensor: what it is, what it refuses, and how it prints."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg


def test_integers_cannot_require_grad():
    with pytest.raises(RuntimeError, match="only floating-point tensors have gradients, got int64"):
        mg.tensor([1, 2], requires_grad=True)
    with pytest.raises(RuntimeError, match="only floating-point"):
        mg.tensor([1, 2]).requires_grad_()


def test_backward_of_several_elements_needs_an_upstream_gradient():
    y = mg.ones(2, 3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"only a scalar has a gradient by itself, got shape \(2, 3\) from mul"):
        y.backward()
    with pytest.raises(mg.ShapeError, match=r"upstream gradient must have shape \(2, 3\), got \(3,\)"):
        y.backward(mg.ones(3))


def test_backward_without_a_graph_says_why():
    for tensor in (mg.ones(()), mg.ones((), requires_grad=True).detach()):
        with pytest.raises(RuntimeError, match="has no graph"):
            tensor.backward()


def test_backward_of_one_element_in_any_shape_starts_with_one():
    x = mg.ones(1, 1, requires_grad=True)
    (x * 3).backward()
    assert x.grad.tolist() == [[3.0]]


def test_gradients_of_gradients_are_refused_in_one_sentence():
    with pytest.raises(NotImplementedError, match="create_graph"):
        mg.ones((), requires_grad=True).exp().backward(create_graph=True)


def test_grad_takes_only_a_fitting_tensor_or_none():
    x = mg.ones(3, requires_grad=True)
    x.grad = mg.ones(3)
    x.grad = None
    with pytest.raises(mg.ShapeError, match=r"expected shape \(3,\)"):
        x.grad = mg.ones(4)
    with pytest.raises(TypeError, match="expected a Tensor or None, got list"):
        x.grad = [1, 2, 3]


def test_a_result_cannot_be_told_that_it_needs_no_gradient():
    y = mg.ones(3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"result of mul.*detach\(\)"):
        y.requires_grad = False


def test_hooks_and_earlier_records_outlive_a_freeze():
    x, seen = mg.ones(2, requires_grad=True), []
    x.register_hook(lambda gradient: gradient * 10)
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.tolist()))
    before = (x * 3).sum()
    x.requires_grad_(False)
    x.requires_grad_(True)
    before.backward()
    assert seen == [[30.0, 30.0]] and x.grad.tolist() == [30.0, 30.0]


def test_a_frozen_leaf_gets_no_gradient_from_records_before_nor_a_thawed_one_from_records_while_frozen():
    x, w = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    before = (x * w).sum()
    x.requires_grad_(False)
    before.backward()
    while_frozen = (x * w).sum()
    x.requires_grad_(True)
    while_frozen.backward()
    assert x.grad is None and w.grad.tolist() == [2.0, 2.0]


def test_a_gradient_stays_when_its_leaf_is_frozen():
    x = mg.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    gradient = x.grad
    assert x.requires_grad_(False).grad is gradient and x.requires_grad_(True).grad is gradient


def test_retain_grad_needs_something_to_retain():
    with pytest.raises(RuntimeError, match="retain_grad: this tensor does not require grad"):
        mg.ones(2).retain_grad()


def test_data_is_a_detached_tensor_on_the_same_memory():
    w = mg.ones(3, requires_grad=True)
    w.grad = mg.ones(3)
    array = w.array
    w.data -= 0.5 * w.grad
    assert w.tolist() == [0.5] * 3 and w.requires_grad and not w.data.requires_grad
    assert np.shares_memory(w.data.array, w.array) and np.shares_memory(array, w.array)
    w.data = w.data * 2
    assert w.tolist() == [1.0] * 3 and w.is_leaf
    with pytest.raises(mg.ShapeError, match="data: expected shape"):
        w.data = mg.ones(4)


def test_in_place_on_a_leaf_that_requires_grad_is_refused_outside_no_grad():
    w = mg.ones(3, requires_grad=True)
    for change in (lambda: w.add_(1), lambda: w.__iadd__(1), lambda: w.zero_(), lambda: w.__setitem__(0, 1.0)):
        with pytest.raises(RuntimeError, match=r"no_grad\(\)"):
            change()
    array = w.array
    with mg.no_grad():
        w -= 0.5
    assert w.array is array and w.tolist() == [0.5] * 3 and w.is_leaf and w.requires_grad


def test_augmented_assignment_to_an_intermediate_result_makes_a_new_one():
    x = mg.ones(3, requires_grad=True)
    y = x * 2
    before = y
    y += 1
    y *= x
    assert before.tolist() == [2.0] * 3 and y is not before
    y.sum().backward()
    assert x.grad.tolist() == [5.0] * 3  # d(2x² + x)


def test_augmented_assignment_keeps_shape_and_dtype_in_a_graph_as_outside():
    for requires_grad in (False, True):
        y = mg.ones((), requires_grad=requires_grad) * 2
        with pytest.raises(mg.ShapeError, match=r"add_: a result of shape \(3,\) does not fit in place of \(\)"):
            y += mg.ones(3)
        z = mg.ones(2, requires_grad=requires_grad) * 2
        z += mg.ones(2, dtype=mg.float64)
        assert z.dtype == mg.float32


def test_in_place_nothing_with_a_graph_is_taken_in_silence():
    x = mg.ones(2, requires_grad=True)
    for change in (mg.zeros(2).add_, mg.zeros(2).copy_, mg.zeros(2).fill_):
        with pytest.raises(RuntimeError, match="another operand requires grad"):
            change(x)
    y = mg.zeros(2)
    with mg.no_grad():
        y.copy_(x)
    assert y.tolist() == [1.0, 1.0] and not y.requires_grad


def test_adding_something_with_a_graph_to_a_plain_tensor_joins_the_graph():
    total = mg.zeros(3)
    x = mg.ones(3, requires_grad=True)
    total += x * 2
    total.sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_in_place_writes_into_the_same_memory_and_keeps_the_dtype():
    x = mg.ones(3)
    array = x.array
    x.add_(1).mul_(3).sub_(2).div_(4)
    x **= 2
    x[0] = 7
    assert x.array is array and array.tolist() == [7.0, 1.0, 1.0] and x.dtype == mg.float32
    with pytest.raises(RuntimeError, match="cannot be written into a int64 tensor"):
        mg.tensor([1, 2]).add_(0.5)
    with pytest.raises(RuntimeError, match="does not fit in place"):
        mg.ones(3).add_(mg.ones(2, 3))
    with pytest.raises(RuntimeError, match="does not fit in place"):
        mg.ones(3).copy_(mg.ones(2))


def test_an_element_is_a_view_as_every_basic_index_is():
    x = mg.arange(6, dtype=mg.float32).reshape(2, 3)
    x[1, 2].fill_(9)
    x[0][1].add_(10)
    assert x.tolist() == [[0.0, 11.0, 2.0], [3.0, 4.0, 9.0]]


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.reshape(1),
        lambda x: x.unsqueeze(0),
        lambda x: x.squeeze(),
        lambda x: x.flatten(),
        lambda x: x.T,
        lambda x: x[()],
        lambda x: x[None],
        lambda x: x[...],
        lambda x: x.detach(),
    ],
)
@pytest.mark.parametrize("make", [lambda: mg.tensor(2.0), lambda: mg.ones(2).sum()], ids=["made", "computed"])
def test_a_view_of_a_0d_tensor_looks_into_its_memory(make, view):
    x = make()
    view(x).mul_(3)
    assert x.item() == 6.0


def test_writing_where_elements_are_shared_is_an_error_that_says_so():
    with pytest.raises(RuntimeError, match=r"add_: this tensor \(shape \(3, 2\)\) .* expand.*clone"):
        mg.ones(2).expand(3, 2).add_(1)


def test_numpy_refuses_a_tensor_with_a_graph_and_shares_memory_otherwise():
    x = mg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
        np.asarray(x)
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
        x.numpy()
    assert np.shares_memory(x.detach().numpy(), x.array) and np.shares_memory(np.asarray(x.detach()), x.array)


def test_the_truth_of_one_element_is_its_value_and_of_many_an_error():
    assert bool(mg.tensor(1.0)) and not mg.tensor([0])
    with pytest.raises(ValueError, match="3 elements"):
        bool(mg.ones(3))


def test_a_tensor_is_hashed_by_identity_and_compared_by_element():
    x, y = mg.ones(2), mg.ones(2)
    assert len({x, y, x}) == 2
    assert (x == y).tolist() == [True, True] and (x != y).tolist() == [False, False]
    assert (x == None) is False  # noqa: E711


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: mg.tensor(2.0), "tensor(2.)"),
        (lambda: mg.tensor([1, 2]), "tensor([1, 2])"),
        (lambda: mg.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (lambda: mg.tensor([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<mul>)"),
        (lambda: mg.tensor([1.0], dtype=mg.float64), "tensor([1.], dtype=float64)"),
        (lambda: mg.tensor([True]), "tensor([ True])"),
    ],
)
def test_a_tensor_prints_as_in_pytorch(make, text):
    assert repr(make()) == text


def test_one_element_becomes_a_python_number():
    x = mg.tensor([2.5])
    assert x.item() == float(x) == 2.5 and int(x) == 2 and f"{mg.tensor(2.5):.2f}" == "2.50"
    assert [10, 20, 30][mg.tensor(1)] == 20
    with pytest.raises(ValueError, match="one element, got 3"):
        mg.ones(3).item()
    with pytest.raises(TypeError, match="integer tensor of one element"):
        [1, 2][mg.tensor(1.0)]


def test_len_and_iteration_follow_the_first_axis():
    x = mg.arange(6).reshape(3, 2)
    assert len(x) == 3 and [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(TypeError, match="0-d"):
        len(mg.tensor(1.0))


def test_rows_of_an_iteration_stay_in_the_graph():
    x = mg.ones(2, 2, requires_grad=True)
    first, second = x
    (first * 2 + second * 3).sum().backward()
    assert x.grad.tolist() == [[2.0, 2.0], [3.0, 3.0]]


def test_a_leaf_can_be_copied_deeply_a_result_not():
    w = mg.ones(3, requires_grad=True)
    twin = copy.deepcopy(w)
    assert twin.requires_grad and not np.shares_memory(twin.array, w.array)
    with pytest.raises(RuntimeError, match="deepcopy: only leaves"):
        copy.deepcopy(w * 2)


def test_another_device_than_this_machine_has_says_what_is_missing():
    if mg.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(RuntimeError, match=r"CuPy (is not installed.*minigrad\[cuda12\]|.*sees no GPU)"):
        mg.ones(3).to("cuda")
    with pytest.raises(ValueError, match="expected 'cpu', 'cuda' or 'cuda:N', got 'tpu'"):
        mg.device("tpu")


# -- what it is --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_sizes_and_kinds_are_torchs(torch, shape, dtype):
    ours, theirs = (lib.ones(shape, dtype=getattr(lib, dtype)) for lib in (mg, torch))
    for name in (
        "size",
        "dim",
        "ndimension",
        "numel",
        "nelement",
        "element_size",
        "is_floating_point",
        "is_contiguous",
    ):
        assert getattr(ours, name)() == getattr(theirs, name)(), name
    for name in ("ndim", "itemsize", "nbytes", "is_cuda", "is_leaf", "requires_grad", "grad_fn", "grad"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (mg.numel(ours), mg.is_tensor(ours), mg.is_tensor(1)) == (theirs.numel(), True, False)
    assert mg.is_floating_point(ours) == ours.is_floating_point() == theirs.is_floating_point()
    assert ours.is_contiguous()
    if shape == (2, 3):
        assert ours.stride() == theirs.stride() and ours.T.stride(0) == theirs.T.stride(0)
        assert ours.size(-1) == 3 and not ours.T.is_contiguous()
        with pytest.raises(IndexError, match=r"^size: dim must lie in -2\.\.1, got 5"):
            ours.size(5)


@pytest.mark.parametrize("value", [1.0, 3, True, np.float64(2), mg.tensor([2.0])], ids=repr)
def test_in_asks_whether_an_element_is_equal(value):
    assert (value in mg.tensor([1.0, 2.0])) == (float(value) in (1.0, 2.0))
    with pytest.raises(TypeError, match=r"^in: expected a number or a Tensor, got str"):
        "a" in mg.ones(2)  # noqa: B015


@pytest.mark.parametrize(
    "text",
    [
        "zeros(0, 3)",
        "zeros(0)",
        "zeros(0, dtype=lib.int64)",
        "tensor(1.0)",
        "tensor(2)",
        "ones(2, dtype=lib.float64)",
        "ones(3, dtype=lib.uint8)",
        "ones(2, requires_grad=True)",
    ],
)
def test_small_tensors_print_as_torchs(torch, text):
    ours, theirs = (repr(eval(f"lib.{text}", {"lib": lib})) for lib in (mg, torch))
    assert ours == theirs.replace("torch.", "")


def test_large_tensors_and_results_print_briefly():
    assert len(repr(mg.ones(1000, 1000))) < 500 and "..." in repr(mg.ones(1000, 1000))
    assert "grad_fn=<mul>" in repr(mg.ones(1, requires_grad=True) * 2)


def test_pickle_and_copy_keep_a_leaf_and_drop_graph_and_gradient():
    x = mg.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    x.note = "kept"
    for again in (pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert (again.tolist(), again.requires_grad, again.is_leaf, again.grad) == ([1.0, 1.0], True, True, None)
        assert again.note == "kept"
    assert copy.copy(x).array is x.array and pickle.loads(pickle.dumps(x)).array is not x.array
    assert pickle.loads(pickle.dumps(x * 2)).is_leaf and type(pickle.loads(pickle.dumps(mg.nn.Parameter(x)))) is (
        mg.nn.Parameter
    )
