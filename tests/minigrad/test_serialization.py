import math
import os
import pickle
import stat

import numpy as np
import pytest
import safetensors.numpy

import minigrad as mg
from minigrad.serialization import load_metadata

STATE = {
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float64": np.array([0.1, np.inf, np.nan, -0.0]),
    "float16": np.array([1.5, -2], np.float16),
    "0-d": np.array(3.5),
    "0-d integer": np.array(7),
    "empty": np.zeros((0, 3), np.float32),
    "bool": np.array([True, False]),
    "int64": np.array([2**62, -1]),
    "uint8": np.arange(5, dtype=np.uint8),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "every other": np.arange(6)[::2],
    "reversed": np.arange(6)[::-1],
    "big-endian": np.array([1, 2], ">f4"),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def test_every_kind_of_tensor_comes_back_as_it_was(path):
    mg.save({name: mg.Tensor(array) for name, array in STATE.items()}, path)
    loaded = mg.load(path)
    assert loaded.keys() == STATE.keys()
    for name, array in STATE.items():
        result = loaded[name]
        assert isinstance(result, mg.Tensor) and not result.requires_grad
        assert (result.shape, result.dtype) == (array.shape, array.dtype.newbyteorder("=")), name
        assert np.array_equal(result.numpy(), array, equal_nan=array.dtype.kind == "f"), name


def test_arrays_parameters_and_an_empty_dict_are_saved_too(path):
    parameter = mg.nn.Parameter(mg.ones(2))
    mg.save({"array": np.ones(2), "parameter": parameter}, str(path))
    assert mg.load(str(path))["parameter"].tolist() == [1, 1]
    mg.save({}, path)
    assert mg.load(path) == {}


def test_what_is_loaded_is_ones_own_to_change(path):
    mg.save({"x": mg.ones(2)}, path)
    mg.load(path)["x"].fill_(7)
    assert mg.load(path)["x"].tolist() == [1, 1]


def test_saving_changes_nothing_and_tensors_that_share_memory_come_back_apart(path):
    weight = mg.ones(2)
    mg.save({"a": weight, "b": weight}, path)
    loaded = mg.load(path)
    loaded["a"].fill_(5)
    assert weight.tolist() == [1, 1] == loaded["b"].tolist()


def test_pytorch_reads_our_files_and_we_read_pytorchs(torch, path):
    st = pytest.importorskip("safetensors.torch")
    mg.save({"x": mg.tensor([[1.0, 2.0]]), "n": mg.tensor(3)}, path, {"a": "b"})
    read = st.load_file(path)
    assert read["x"].tolist() == [[1, 2]] and read["n"].shape == () and read["n"].dtype == torch.int64
    st.save_file({"half": torch.ones(2, dtype=torch.float16), "flag": torch.tensor(True)}, path)
    ours = mg.load(path)
    assert ours["half"].dtype == mg.float16 and ours["flag"].item() is True
    st.save_file({"x": torch.ones(2, dtype=torch.bfloat16)}, path)
    with pytest.raises(ValueError, match=r"weights\.safetensors.*type that NumPy does not have"):
        mg.load(path)


def test_metadata_is_kept_beside_the_tensors(path):
    mg.save({"x": mg.ones(1)}, path, metadata={"model": "fc", "größe": "3"})
    assert load_metadata(path) == {"model": "fc", "größe": "3"}
    mg.save({"x": mg.ones(1)}, path)
    assert load_metadata(path) == {}


def test_a_checkpoint_as_pytorchs_users_write_it(path):
    def training():
        net = mg.nn.Linear(3, 2)
        return net, mg.optim.Adam(net.parameters(), lr=0.1)

    (net, adam), (other, others) = training(), training()
    net(mg.ones(4, 3)).sum().backward()
    adam.step()
    state = {"epoch": 3, "model_state_dict": net.state_dict(), "optimizer_state_dict": adam.state_dict(), "loss": 0.5}
    mg.save(state, path)
    checkpoint = mg.load(path, weights_only=True)
    other.load_state_dict(checkpoint["model_state_dict"])
    others.load_state_dict(checkpoint["optimizer_state_dict"])
    assert (checkpoint["epoch"], checkpoint["loss"]) == (3, 0.5)
    for one, optimizer in ((net, adam), (other, others)):
        optimizer.zero_grad()
        one(mg.ones(4, 3)).pow(2).sum().backward()
        optimizer.step()
    assert mg.equal(net.weight, other.weight) and mg.equal(net.bias, other.bias)


def test_all_nested_values_come_back_exactly(path):
    state = {
        "numbers": [1, -(2**100), 0.1, 1e-320, math.inf, -math.inf, True, None, "text, ü, \n"],
        "nested": {0: {"step": 3, "betas": (0.9, 0.999)}, None: {1.5: False}, "empty": [{}, [], ()]},
        "tensors": {"w": mg.tensor([[1.5, math.nan]]), "n": mg.tensor(7), "bits": np.arange(4, dtype=np.uint8)},
        "numpy": np.float64(0.1),
        "best": {np.int64(3): 0.5, np.float64(0.1): np.bool_(True), np.str_("text"): 1},
    }
    mg.save(state, path, {"of": "a test"})
    back = mg.load(path)
    tensors, expected = back.pop("tensors"), state.pop("tensors")
    assert back == {**state, "numpy": 0.1}
    assert type(back["nested"][0]["betas"]) is tuple and back["numbers"][6] is True
    for name, value in expected.items():
        array = value if isinstance(value, np.ndarray) else value.numpy()
        assert (tensors[name].dtype, tensors[name].shape) == (array.dtype, array.shape)
        assert tensors[name].numpy().tobytes() == array.tobytes()
    assert load_metadata(path) == {"of": "a test"}
    for alone in (mg.arange(3), [mg.arange(3), 2], 5, {"__metadata__": mg.arange(3)}):
        mg.save(alone, path)
        assert repr(mg.load(path)) == repr(alone)
    mg.save({"loss": math.nan}, path)
    assert math.isnan(mg.load(path)["loss"])


def test_dots_and_numbers_in_keys_do_not_mix_tensors_up(path):
    state = {
        "a": {"b.c": mg.full((1,), 1), "b": {"c": mg.full((1,), 2)}},
        "a.b": {"c": mg.full((1,), 3)},
        1: mg.full((1,), 4),
        "1": mg.full((1,), 5),
    }
    mg.save(state, path)
    assert repr(mg.load(path)) == repr(state)


@pytest.mark.parametrize(("text", "error"), [
    ('{"format": 99, "state": 1}', "its format is 99, this program reads 1"),
    ('{"format": 1, "state": {"tensor": "state.w"}}', "state.w"),
    ('{"format": 1, "state": {"code": "1"}}', "it has a 'code'"),
    ('{"format": 1}', "'state'"),
    ("[", "Expecting value"),
])  # fmt: skip
def test_a_file_whose_nesting_cannot_be_read_is_refused_by_name(path, text, error):
    safetensors.numpy.save_file({"x": np.ones(1)}, path, {"minigrad checkpoint": text})
    with pytest.raises(ValueError, match=rf"weights\.safetensors' does not say how its tensors are nested \(.*{error}"):
        mg.load(path)


def test_the_same_content_is_the_same_file_byte_by_byte(path):
    metadata = {f"key {i}": "värde" * i for i in range(8)}
    state = {name: mg.Tensor(array) for name, array in STATE.items()}
    files = set()
    for about in (metadata, metadata, dict(reversed(metadata.items()))):
        mg.save(state, path, about)
        files.add(path.read_bytes())
    assert len(files) == 1 and load_metadata(path) == metadata
    (header,) = {int.from_bytes(file[:8], "little") for file in files}
    assert header % 8 == 0  # the numbers are aligned


@pytest.mark.parametrize(("state", "metadata", "message"), [
    ({"a": [1, {2}]}, None, r"expected tensors, numbers, .*; state\.a\.1 is a set"),
    (mg.nn.Linear(1, 1), None, r"state is a Linear\. A network is saved as net\.state_dict\(\)"),
    ({(1, 2): mg.ones(1)}, None, "a key must be text, a number or None; one of state is a tuple"),
    ({"x": mg.ones(1)}, {"epoch": 3}, "must be text"),
    ({"x": np.array(["text"])}, None, "safetensors cannot hold this"),
])  # fmt: skip
def test_what_cannot_be_saved_is_refused_and_no_file_appears(path, state, metadata, message):
    with pytest.raises(TypeError, match=message):
        mg.save(state, path, metadata)
    assert not list(path.parent.iterdir())


def test_metadata_are_not_taken_for_the_librarys_own(path):
    with pytest.raises(ValueError, match="'minigrad checkpoint' is the library's own entry"):
        mg.save({"x": mg.ones(1)}, path, {"minigrad checkpoint": "7"})
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("spoil", [
    lambda whole: whole[:-1],
    lambda whole: whole[:20],
    lambda whole: whole + b"\0",
    lambda whole: b"",
    lambda whole: b"\xff" * 100,
    lambda whole: pickle.dumps({"x": [1.0]}),
])  # fmt: skip
def test_a_truncated_or_foreign_file_is_refused_by_name(path, spoil):
    mg.save({"x": mg.ones(3)}, path)
    path.write_bytes(spoil(path.read_bytes()))
    for read in (mg.load, load_metadata):
        with pytest.raises(ValueError, match=r"weights\.safetensors' is not a whole safetensors file"):
            read(path)


def test_pytorchs_arguments_of_load_are_taken(path):
    mg.save({"x": mg.ones(2)}, path)
    for device in (None, "cpu", mg.device("cpu")):
        assert mg.load(path, map_location=device, weights_only=True)["x"].tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="expected 'cpu', 'cuda' or 'cuda:N', got 'tpu'"):
        mg.load(path, "tpu")


def test_a_pickle_is_never_run(path, torch):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(path.with_name("sprung")),)

    for write in (lambda: path.write_bytes(pickle.dumps(Trap())), lambda: torch.save(Trap(), path)):
        write()
        with pytest.raises(ValueError, match="are never read"):
            mg.load(path)
    assert not path.with_name("sprung").exists()


def test_a_missing_folder_to_save_in_is_named(path):
    with pytest.raises(FileNotFoundError, match=r"nowhere/w\.safetensors'$"):
        mg.save({"x": mg.ones(1)}, path.parent / "nowhere" / "w.safetensors")


def test_a_missing_file_or_folder_is_named(path):
    for read in (mg.load, load_metadata):
        for missing in (path, path.parent):
            with pytest.raises(FileNotFoundError, match=f"no file '{missing}'"):
                read(missing)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        mg.save({"x": mg.ones(1)}, path.parent / "nowhere" / "w.safetensors")


@pytest.mark.parametrize("when", ["replace", "write"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["OSError", "Ctrl-C"])
def test_an_exception_while_writing_leaves_the_old_file_and_nothing_else(path, monkeypatch, when, error):
    mg.save({"x": mg.ones(3)}, path)

    def fail(*args):
        raise error

    def write_half(self, data):
        with open(self, "wb") as file:
            file.write(data[: len(data) // 2])
        raise error

    with monkeypatch.context() as patch:
        if when == "replace":
            patch.setattr(os, "replace", fail)
        else:
            patch.setattr(type(path), "write_bytes", write_half)
        with pytest.raises(type(error)):
            mg.save({"x": mg.zeros(3)}, path)
    assert mg.load(path)["x"].tolist() == [1, 1, 1]
    assert list(path.parent.iterdir()) == [path]


def test_a_file_is_replaced_whole(path):
    mg.save({"x": mg.ones(1000)}, path)
    with open(path, "rb") as old:
        mg.save({"y": mg.ones(1)}, path)
        assert safetensors.numpy.load(old.read())["x"].shape == (1000,)
    assert list(mg.load(path)) == ["y"] and list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="file permissions are those of POSIX")
@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_file_permissions_follow_the_umask(path, umask):
    before = os.umask(umask)
    try:
        mg.save({"x": mg.ones(1)}, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
