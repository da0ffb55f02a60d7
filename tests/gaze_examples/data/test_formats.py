"""Which format a folder is in, from its names, and what is said where it is in none."""

import zipfile

import pytest

from gaze_examples.data import DataError, convert, gazehub, load, read
from gaze_examples.data.formats import FORMATS, recognise
from tests.gaze_examples.data.data_sets import write_faces, write_frames, write_mpiigaze

WRITERS = {
    "MPIIGaze, normalised eyes": write_mpiigaze,
    "MPIIFaceGaze, normalised faces": write_faces,
    "MPIIFaceGaze, original frames": write_frames,
    "GazeHub's layout": lambda root, eyes: gazehub.write(eyes, root),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture(params=WRITERS)
def data_set(request, tmp_path, make_eyes):
    """The name of each format in turn, and two people's pairs in it, in a folder with spaces and accents."""
    root = tmp_path / "mes données à moi"
    WRITERS[request.param](root, make_eyes(people=2, per_person=7))
    return request.param, root


def test_every_format_is_recognised_and_read_into_the_one_frame(data_set, make_eyes):
    name, root = data_set
    assert recognise(root).name == recognise(f"{root}/").name == name
    eyes, skipped = read(root)
    assert skipped == []
    assert eyes.images.shape == (14, 36, 120)
    assert eyes.gaze == pytest.approx(make_eyes(people=2, per_person=7).gaze, abs=0.005)
    assert load(root, hold_out=0, shares=(2, 1, 1)).split.train.people == ("p00", "p01")


def test_a_data_set_is_read_once(data_set, monkeypatch):
    _, root = data_set
    first = read(root)
    monkeypatch.setattr(convert, "joined", None)
    assert (read(root).eyes.gaze == first.eyes.gaze).all()


def test_every_format_is_recognised_by_itself_alone(data_set):
    name, root = data_set
    assert [format.name for format in FORMATS if format.matches(root)] == [name]


def test_the_folder_above_is_told_which_one_to_give(data_set):
    _, root = data_set
    with pytest.raises(DataError, match=r"one level deeper; give .*mes données à moi"):
        recognise(root.parent)


def test_a_folder_inside_is_told_which_one_to_give(tmp_path, make_eyes):
    write_mpiigaze(tmp_path / "set", make_eyes())
    for inside in ("Data", "Data/Normalized"):
        with pytest.raises(DataError, match=r"further up; give .*set"):
            recognise(tmp_path / "set" / inside)


def test_a_neighbour_of_one_folder_of_two_is_no_hint(tmp_path):
    for name in ("Label", "mine"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="mine has nothing in it"):
        recognise(tmp_path / "mine")


def test_what_is_no_data_set_is_refused_with_what_was_looked_for(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name in "abcdefgh":
        (tmp_path / "folder" / name).write_text("")
    for path, words in (
        ("absent", "There is no folder .*absent"),
        ("file", "is a file: give the folder"),
        ("folder", "folder has only a, b, c, d, e, f, ..."),
        ("empty", "empty has nothing in it"),
    ):
        with pytest.raises(DataError, match=words) as error:
            recognise(tmp_path / path)
        for format in FORMATS:
            assert format.layout in str(error.value)
        assert str(error.value).endswith(".") and "\n" not in str(error.value)


def test_an_archive_is_to_be_unpacked(tmp_path):
    (tmp_path / "folder").mkdir()
    archive = tmp_path / "folder" / "MPIIGaze.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("Data/Normalized/p00/day01.mat", "")
    for path in (archive, archive.parent):
        with pytest.raises(DataError, match=r"MPIIGaze\.zip.*unpack it"):
            recognise(path)


@pytest.mark.parametrize(("name", "module"), [("faces", "h5py"), ("mat", "scipy.io"), ("frames", "scipy.io")])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(name, module, tmp_path, make_eyes, monkeypatch):
    import sys

    {"faces": write_faces, "mat": write_mpiigaze, "frames": write_frames}[name](tmp_path / name, make_eyes(1, 2))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DataError, match=rf"{module.split('.')[0]}, .*pip install 'minigrad\[gaze\]'"):
        read(tmp_path / name)


def test_where_nothing_can_be_read_the_first_reason_is_told(tmp_path, make_eyes):
    write_mpiigaze(tmp_path / "set", make_eyes(people=1))
    for day in (tmp_path / "set").rglob("*.mat"):
        day.write_bytes(b"")
    with pytest.raises(
        DataError, match=r"Not one eye pair .* 2 files .* the first: Data/Normalized/p00/day01.mat: broken"
    ):
        read(tmp_path / "set")
    assert not list((tmp_path / "cache").rglob("set-*.safetensors"))
