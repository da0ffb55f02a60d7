"""A file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from minigrad.whole_file import whole_file


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_file_keeps_its_old_contents_until_the_new_ones_are_whole(tmp_path, error):
    file = tmp_path / "f"
    file.write_text("old")
    try:
        with whole_file(file) as unfinished:
            unfinished.write_text("new")
            assert file.read_text() == "old"
            if error:
                raise error
    except KeyboardInterrupt:
        pass
    assert file.read_text() == ("old" if error else "new")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_page_that_cannot_be_finished_leaves_the_one_that_was_there(tmp_path, monkeypatch):
    import minigrad as mg
    from minigrad.teach import trace

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    walk = mg.trace((x * x).sum())
    file = tmp_path / "walk.html"
    walk.to_html(file)
    before = file.read_bytes()
    monkeypatch.setattr(trace, "html_of", lambda *_: "<html>" + "\ud800" * 3)

    def full(self, text, *rest):
        with open(self, "w") as half:
            half.write(text[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space"):
        walk.to_html(file)
    assert file.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["walk.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to a device that is always full")
def test_a_full_disk_is_named():
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"), whole_file("/dev/full") as file:
        file.write_bytes(b"more than there is room for")
