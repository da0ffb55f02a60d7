"""The moving picture of README is what the trace says now, and an image that any browser may show."""

import re
import xml.etree.ElementTree as ElementTree

import make_animation
from make_animation import PICTURE, Film, scenes_of

from minigrad.teach.script import demo, trace_script


def test_the_picture_is_up_to_date():
    assert PICTURE.read_text(encoding="utf-8") == make_animation.picture(), "run: python docs/make_animation.py"


def test_it_is_a_file_of_its_own_that_runs_nothing():
    svg = PICTURE.read_text(encoding="utf-8")
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in ElementTree.fromstring(svg).iter()}
    assert tags == {"svg", "style", "g", "rect", "path", "text", "circle"}
    assert not re.search(r"href|@import|url\(|@font-face|https?://(?!www\.w3\.org/2000/svg)", svg)
    assert "prefers-reduced-motion" in svg and "prefers-color-scheme" in svg


def test_there_is_a_scene_for_each_row_and_each_contribution():
    trace = trace_script(demo("diamond"), "diamond.py")
    contributions = [(step["step"], place) for step in trace.steps for place, one in enumerate(step["inputs"])]
    scenes = scenes_of(trace)
    assert [scene.row for scene in scenes[: len(trace.rows)]] == [row["row"] for row in trace.rows]
    assert [(scene.step, scene.place) for scene in scenes if scene.step is not None] == contributions


def test_what_is_there_at_the_end_is_there_without_animation():
    film = Film(scenes_of(trace_script(demo("diamond"), "diamond.py")))
    film.show("", 2)
    film.show("", 2, 3.5)
    assert [("opacity: 1; animation" in rule) for rule in film.rules.values()] == [True, False]
