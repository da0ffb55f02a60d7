"""The commands `gaze predict` and `gaze explain`: their options, and what they print."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from gaze_examples.commands import options, printing

INDEX_OF = "test"  # the part of the data whose images `gaze explain` numbers


class Network(NamedTuple):
    """A trained network in evaluation mode, a word on what it is, and what data it was trained on."""

    model: Any
    about: str
    asked: dict[str, Any]


def add_predict(commands: Any) -> None:
    """Register `gaze predict`."""
    parser = options.add_command(
        commands, "predict", "say where the faces in photos, in a film or before a camera look"
    )
    parser.add_argument("pictures", nargs="*", metavar="PHOTO", help="photos, and films such as .mp4")
    parser.add_argument("--camera", nargs="?", type=int, const=0, metavar="N", help="a live view of camera N instead")
    _add_network(parser)
    options.add_out(parser, "predict", "the folder for pictures and JSON")
    parser.set_defaults(run=_predict)


def add_explain(commands: Any) -> None:
    """Register `gaze explain`."""
    parser = options.add_command(commands, "explain", "show what in an image moved the decision")
    parser.add_argument("what", nargs="?", metavar="PHOTO|INDEX",
                        help="a photo, or the number of an image in the test part of the data")  # fmt: skip
    parser.add_argument("--mistakes", action="store_true", help="instead: a sheet of the most confident mistakes")
    parser.add_argument("--face", type=int, metavar="N", help="which face of the photo, from the left (default: the "
                        "largest)")  # fmt: skip
    parser.add_argument("--quadrant", type=int, choices=range(4), help="what to explain (default: the answer)")
    _add_network(parser)
    parser.add_argument(
        "--out", metavar="PNG", type=options.file, help="the picture (default: explain-NAME.png, or mistakes.png)"
    )
    options.add_data(parser, "for an INDEX and for --mistakes; without --data, the options are those of the run")
    parser.set_defaults(run=_explain)


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="RUN", help="a run folder (default: a network that is trained on synthetic "
                        "eyes the first time)")  # fmt: skip


def _predict(arguments: argparse.Namespace) -> int:
    from gaze_examples import run_folder
    from gaze_examples.data import DataError
    from gaze_examples.photos import camera, predict

    if arguments.camera is not None:
        if arguments.pictures or arguments.out is not None:
            raise DataError("--camera shows a live view and writes nothing; leave out the photos and --out.")
        camera.check_can_show()
        network = network_of(arguments.model)
        print("A window shows what the camera sees, as in a mirror. The key q ends it.", flush=True)
        camera.live(network.model, arguments.camera)
        return 0
    if not arguments.pictures:
        raise DataError("Give photos or a film, or --camera.")
    bad: list[DataError] = []

    def on_bad(error: DataError) -> None:
        bad.append(error)
        printing.say(str(error))

    good: list[Path] = []
    for path in map(Path, arguments.pictures):
        try:
            predict.check(path)  # before a network is trained for nothing
            good.append(path)
        except DataError as error:
            on_bad(error)
    if not good:
        return 2
    folder = options.out(arguments, "predict")
    run_folder.check_free(folder)
    network = network_of(arguments.model)
    outcome = predict.predict(network.model, good, folder, network.about, on_bad)
    print(predict.table(outcome.rows))
    print(f"\n{predict.NOTE}\nPictures and {predict.ANSWERS} are in {folder}.")
    return 2 if bad else 0 if outcome.answered else 1


def _explain(arguments: argparse.Namespace) -> int:
    from gaze_examples import explanation
    from gaze_examples.data import DataError
    from gaze_examples.data.eyes import QUADRANTS
    from gaze_examples.photos.answers import probabilities

    if arguments.mistakes == (arguments.what is not None):
        raise DataError("Give a photo or the number of an image, or else --mistakes.")
    is_photo = not arguments.mistakes and not arguments.what.isdecimal()
    if is_photo and not Path(arguments.what).is_file():
        raise DataError(f"There is no file {arguments.what}; give a photo, or the number of an image of the data.")
    if arguments.face is not None and not is_photo:
        raise DataError("--face chooses a face of a photo; leave it out.")
    stem = "mistakes" if arguments.mistakes else f"explain-{Path(arguments.what).stem}"
    out = Path(arguments.out or f"{stem}.png")
    face = _face_in(Path(arguments.what), arguments.face) if is_photo else None
    network = network_of(arguments.model)
    if face is not None:
        image = _image_of_face(face, Path(arguments.what).name, network.model)
    else:
        data = options.load(options.asked_for(arguments, network.asked))
        eyes, labels = data.split.parts()[INDEX_OF], data.labels[INDEX_OF]
        if arguments.mistakes:
            each = probabilities(network.model, eyes.images)
            wrong = explanation.mistakes(eyes.images, labels, each, out, title=eyes.source)
            print(f"{wrong:,} of {len(labels):,} images of the test part are mistaken; see {out}.")
            return 0
        image = _image_of_data(eyes, labels, int(arguments.what), network.model)
    quadrant = image.answer if arguments.quadrant is None else arguments.quadrant
    explanation.explain(network.model, image.pair, quadrant, out, title=image.title)
    print(f"What speaks for “{QUADRANTS[quadrant]}” is in {out}.")
    return 0


class _Image(NamedTuple):
    """A pair of eyes (36, 120) uint8, the quadrant that the network answers, and a title."""

    pair: Any
    answer: int
    title: str


def _image_of_data(eyes: Any, labels: Any, index: int, model: Any) -> _Image:
    """Image `index` of a part of the data."""
    from gaze_examples.data import DataError
    from gaze_examples.data.eyes import QUADRANTS
    from gaze_examples.photos.answers import probabilities

    if index >= len(eyes):
        raise DataError(f"There is no image {index} in the test part: there are 0 to {len(eyes) - 1}.")
    pair = eyes.images[index]
    title = f"Image {index} of the test part, which looks {QUADRANTS[labels[index]]}"
    return _Image(pair, int(probabilities(model, pair[None]).argmax()), title)


class _Face(NamedTuple):
    """A face that has eyes, and the photo that it is in, grey (H, W)."""

    grey: Any
    face: Any


def _face_in(path: Path, number: int | None) -> _Face:
    """Face `number` in a photo, from the left, or the largest face that has eyes."""
    from gaze_examples.data import DataError
    from gaze_examples.photos.faces import find_faces
    from gaze_examples.photos.files import grey_of, read_photo

    grey = grey_of(read_photo(path))
    faces = find_faces(grey)
    if not faces:
        raise DataError(f"No face was found in {path}.")
    if number is None:
        face = max(faces, key=lambda face: (face.eyes is not None, face.box.width))
    elif 1 <= number <= len(faces):
        face = faces[number - 1]
    else:
        raise DataError(f"There is no face {number} in {path}: there are 1 to {len(faces)}.")
    if face.eyes is None:
        raise DataError(f"In the face in {path} {face.problem}.")
    return _Face(grey, face)


def _image_of_face(found: _Face, photo: str, model: Any) -> _Image:
    """The eyes of a face. photo: what its file is called."""
    from gaze_examples.photos.answers import answer
    from gaze_examples.photos.faces import eye_pair

    given = answer(model, found.grey, found.face)
    assert given.quadrant is not None
    title = f"{photo}, answered with {given.name} ({100 * given.probability:.0f} %) over all crops"
    return _Image(eye_pair(found.grey, found.face.eyes), given.quadrant, title)


def network_of(run: str | None) -> Network:
    """The network of a run folder, or the default one; prints what it is."""
    import matplotlib.figure  # noqa: F401  for the pictures: that it is missing should be said before the training

    import minigrad as mg
    from gaze_examples import default_model, run_folder

    if run is not None:
        trained = run_folder.load_model(Path(run), mg.device("cpu"))
        about = f"The {trained.settings.model} network of {run}, trained on: {trained.data}"
        network = Network(trained.model.eval(), about, trained.asked)
    else:
        default = default_model.default_model(
            on_start=lambda: print("The default network is trained now, once; it takes some minutes.", flush=True),
            on_epoch=lambda epoch, epochs: print(printing.epoch_line(epoch, epochs), flush=True),
        )
        network = Network(default.model, default.describe(), default_model.ASKED)
    print(f"{network.about}\n", flush=True)
    return network
