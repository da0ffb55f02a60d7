"""Folders that appear whole or not at all."""

import pytest

from gaze_examples.data.whole import check_can_make, whole_folder


def everything(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_folder_appears_at_the_end_with_the_parents_it_needs(tmp_path):
    with whole_folder(tmp_path / "a" / "b") as unfinished:
        (unfinished / "x").touch()
        assert not (tmp_path / "a" / "b").exists()
    assert everything(tmp_path) == {"a", "a/b", "a/b/x"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_after_an_error_neither_the_folder_nor_its_parents_are_left(tmp_path, error):
    with pytest.raises(error), whole_folder(tmp_path / "a" / "b") as unfinished:
        (unfinished / "x").touch()
        raise error
    assert everything(tmp_path) == set()


def test_what_took_the_folders_place_meanwhile_stays(tmp_path):
    with pytest.raises(FileExistsError, match="exists by now"), whole_folder(tmp_path / "a"):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "theirs").touch()
    assert everything(tmp_path) == {"a", "a/theirs"}


def test_an_empty_folder_is_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with whole_folder(tmp_path / "a") as unfinished:
        (unfinished / "x").touch()
    assert everything(tmp_path) == {"a", "a/x"}


def test_checking_whether_a_folder_can_be_made_leaves_nothing_behind(tmp_path):
    check_can_make(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        check_can_make(tmp_path / "file" / "b")
    assert everything(tmp_path) == {"file"}
