"""`gaze predict` and `gaze explain`, as a user calls them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

import minigrad as mg
from gaze_examples import cli, default_model
from gaze_examples.explanation import most_confident_mistakes
from gaze_examples.models import MODELS
from gaze_examples.photos import camera
from gaze_examples.photos.predict import is_film
from gaze_examples.runs import settings_of


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def photo(portrait) -> str:
    return saved(portrait, "portrait.jpg")


def gaze(*words: str) -> int:
    return cli.main(words)


def saved(picture: np.ndarray, name: str) -> str:
    _, data = cv2.imencode(Path(name).suffix, picture)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data.tobytes())
    return name


def film_of(picture: np.ndarray, name: str, frames: int = 3) -> str:
    film = cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*"mp4v"), 10, picture.shape[1::-1])
    for _ in range(frames):
        film.write(picture)
    film.release()
    return name


def answers(folder: str) -> list[dict]:
    return json.loads(Path(folder, "answers.json").read_text(encoding="utf-8"))["photos"]


def picture(path: str | Path) -> np.ndarray:
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)


def test_a_photo_becomes_a_picture_json_and_a_row(default, photo, portrait, capsys):
    assert gaze("predict", photo) == 0
    printed = capsys.readouterr().out
    assert "81.2 % (same people) and 75.0 % (new people)" in printed and "nothing about real people" in printed
    ((face,),) = (one["faces"] for one in answers("runs/predict-1"))
    assert face["name"] in printed and f"{100 * max(face['probabilities']):.0f} %" in printed
    assert face["problem"] is None and len(face["eyes"]) == 2 and sum(face["probabilities"]) == pytest.approx(1, 1e-3)
    drawn = picture("runs/predict-1/portrait.png")
    assert max(drawn.shape) == 1000  # enlarged, so that the writing is sharp
    small = cv2.resize(drawn, portrait.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int)
    drawn_over = np.abs(small - portrait).max(axis=2) > 80
    assert drawn_over[60:170, 75:185].any() and not drawn_over[:40].any()  # about the face, and not above it


def test_both_faces_of_a_photo_are_answered(default, pair, capsys):
    assert gaze("predict", saved(pair, "pair.png"), "--out", "out") == 0
    (one,) = answers("out")
    assert len(one["faces"]) == 2 and all(face["quadrant"] is not None for face in one["faces"])
    assert capsys.readouterr().out.count("pair.png   ") == 2


def test_paths_with_spaces_and_accents(default, portrait):
    name = saved(portrait, "été à la mer/mon œil 1.png")
    assert gaze("predict", name, "--out", "mes réponses") == 0
    assert answers("mes réponses")[0]["photo"] == name
    assert picture("mes réponses/mon œil 1.png") is not None


def test_two_photos_of_one_name_do_not_overwrite_each_other(default, portrait):
    assert gaze("predict", saved(portrait, "a/x.png"), saved(portrait, "b/x.png"), "--out", "out") == 0
    assert {path.name for path in Path("out").iterdir()} == {"x.png", "x-2.png", "answers.json"}


def test_no_face_anywhere_is_exit_code_1(default, nobody, capsys):
    assert gaze("predict", saved(nobody, "nobody.png"), "--out", "out") == 1
    assert "no face was found" in capsys.readouterr().out
    assert answers("out")[0]["faces"] == [] and picture("out/nobody.png") is not None


def test_a_face_without_eyes_is_told_and_a_good_photo_beside_it_is_answered(default, photo, portrait, capsys):
    blurred = portrait.copy()
    blurred[85:125, 84:174] = cv2.GaussianBlur(blurred[85:125, 84:174], (0, 0), 6)
    assert gaze("predict", saved(blurred, "blurred.png"), "--out", "one") == 1
    assert "no eyes were found" in capsys.readouterr().out
    assert answers("one")[0]["faces"][0]["problem"] == "no eyes were found"
    assert gaze("predict", "blurred.png", photo, "--out", "two") == 0


def test_bad_photos_get_a_sentence_each_and_the_good_one_is_answered(default, photo, capsys):
    Path("cut.jpg").write_bytes(Path(photo).read_bytes()[:5000])
    Path("text.png").write_text("no picture")
    Path("empty.png").touch()
    assert gaze("predict", "cut.jpg", "text.png", "missing.png", photo, "empty.png", "--out", "out") == 2
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 4
    for name in ("cut.jpg", "text.png", "missing.png", "empty.png"):
        assert sum(name in line for line in printed.err.splitlines()) == 1 and name not in printed.out
    assert [one["photo"] for one in answers("out")] == [photo]


def test_only_bad_pictures_leave_nothing_and_no_network_is_trained_for_them(monkeypatch, nobody, capsys):
    monkeypatch.setattr(default_model, "default_model", None)  # it is not even asked for
    Path("text.png").write_text("no picture")
    Path("text.mp4").write_text("no film")
    assert gaze("predict", "text.png", "text.mp4", "missing.png") == 2
    assert [line.partition(":")[2] for line in capsys.readouterr().err.splitlines()] == [
        " Cannot read the photo text.png: it is broken, or not a picture that OpenCV knows.",
        " Cannot read the film text.mp4: it is broken, or not one that OpenCV knows.",
        " There is no file missing.png.",
    ]
    assert not Path("runs").exists()
    for words in (("text.png",), (saved(nobody, "nobody.png"),)):
        assert gaze("explain", *words) == 2


def test_nothing_is_overwritten(default, photo, capsys):
    assert gaze("predict", photo, "--out", "out") == 0
    assert gaze("predict", photo, "--out", "out") == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"), [((), "Give photos"), (("--camera", "1", "x.png"), "leave out the photos")]
)
def test_what_makes_no_sense_is_one_sentence(default, words, sentence, capsys, monkeypatch):
    Path("x.png").touch()
    monkeypatch.setattr(camera, "check_can_show", lambda: None)
    assert gaze("predict", *words[-1:], *words[:-1]) == 2 if words else gaze("predict") == 2
    assert sentence in capsys.readouterr().err


def test_the_camera_is_asked_for_by_its_number(default, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(camera, "check_can_show", lambda: None)
    monkeypatch.setattr(camera, "live", lambda model, number: asked.append(number))
    assert gaze("predict", "--camera") == 0 and gaze("predict", "--camera", "2") == 0
    assert asked == [0, 2]


def test_a_film_becomes_a_film_and_a_line_of_json_a_frame(default, pair, capsys):
    assert gaze("predict", film_of(pair, "film.mp4"), "--out", "out") == 0
    assert "3 of 3 frames answered" in capsys.readouterr().out
    lines = [json.loads(line) for line in Path("out/film.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2] and lines[2]["seconds"] == 0.2
    assert all(face["quadrant"] is not None for line in lines for face in line["faces"])
    written = cv2.VideoCapture("out/film.mp4")
    assert written.get(cv2.CAP_PROP_FRAME_COUNT) == 3 and written.read()[1].shape == pair.shape


def test_a_broken_film_is_one_sentence(default, capfd):
    Path("film.mp4").write_bytes(b"no film" * 100)
    assert gaze("predict", "film.mp4") == 2
    assert capfd.readouterr().err == (  # and not a word of OpenCV's
        "gaze: Cannot read the film film.mp4: it is broken, or not one that OpenCV knows.\n"
    )
    assert not Path("runs").exists()


def test_films_are_known_by_their_ending():
    assert all(is_film(Path(name)) for name in ("a.mp4", "b.AVI", "c.mov", "d.webm", "e.mkv"))
    assert not any(is_film(Path(name)) for name in ("a.jpg", "b.png", "mp4"))


def test_a_run_of_ones_own_answers_with_its_own_network(dataset_directory, photo, capsys):
    about = {"settings": json.dumps(asdict(settings_of("fc", 0, "cpu"))), "data": "Made-up eyes.",
             "asked": json.dumps({"data": dataset_directory})}  # fmt: skip
    Path("run").mkdir()
    mg.save(MODELS["fc"].make().state_dict(), Path("run/weights.safetensors"), about)
    assert gaze("predict", photo, "--model", "run", "--out", "out") == 0
    assert "The fc network of run, trained on: Made-up eyes" in capsys.readouterr().out
    assert gaze("explain", "4", "--model", "run") == 0
    assert gaze("explain", "--mistakes", "--model", "run") == 0
    assert picture("explain-4.png").shape[1] > 1000 and picture("mistakes.png").shape[1] > 1000
    assert gaze("explain", "36", "--model", "run") == 2
    assert "there are 0 to" in capsys.readouterr().err


def test_mistakes_come_with_the_most_confident_first():
    each = np.array([[0.9, 0.1, 0, 0], [0.2, 0.7, 0.1, 0], [0, 0, 1, 0], [0.3, 0.3, 0, 0.4], [0, 0.95, 0, 0.05]])
    np.testing.assert_array_equal(most_confident_mistakes(np.array([1, 0, 2, 1, 3]), each), [4, 0, 1, 3])


def test_explain_a_photo(default, photo, pair, nobody, capsys):
    assert gaze("explain", photo, "--out", "why é.png") == 0
    assert "What speaks for" in capsys.readouterr().out
    assert picture("why é.png") is not None
    for words, sentence in (
        ((saved(nobody, "nobody.png"),), "No face was found"),
        ((photo, "--face", "2"), "there are 1 to 1"),
        (("missing.png",), "There is no file missing.png"),
        ((photo, "--mistakes"), "or else --mistakes"),
        ((), "or else --mistakes"),
        (("3", "--face", "1"), "leave it out"),
    ):
        assert gaze("explain", *words) == 2
        assert sentence in capsys.readouterr().err
