"""The drawn and moving pictures: fresh, small, described, and true to what the notebook computes."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from admin.course import figures, on_paper, source_notebook
from admin.course.figures import nets, padding_stride, photographs, pooling, worked_convolution
from admin.course.figures.drawing import CIFAR, Picture
from admin.course.layout import REPOSITORY
from tools.data import CIFAR_CLASSES

MAX_BYTES, MAX_BYTES_TOGETHER = 150_000, 900_000


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, Path]:
    """A copy of the committed pictures and of their record, to spoil."""
    folder = shutil.copytree(figures.FOLDER, tmp_path / "figures")
    return {"folder": folder, "record": Path(shutil.copy(figures.RECORD, tmp_path / "made.json"))}


def names(pictures: list[Picture]) -> list[str]:
    return [picture.name for picture in pictures]


def test_the_committed_pictures_are_what_their_scripts_make():
    """Has somebody changed a script, its data or a picture, and not built?"""
    assert names(figures.find_stale()) == []
    assert figures.find_left_over() == []


def test_a_picture_whose_script_changed_is_stale(kept, tmp_path):
    """Is one changed line of a script noticed, for its own picture only?"""
    script = tmp_path / "pooling.py"
    script.write_text(pooling.POOLING.script.read_text() + "\nCELL = 57\n")
    changed = dataclasses.replace(pooling.POOLING, script=script)
    pictures = [changed if picture.name == changed.name else picture for picture in figures.PICTURES]
    assert names(figures.find_stale(pictures, **kept)) == ["pooling.webp"]


def test_a_picture_of_a_net_is_stale_when_the_net_changes(kept, monkeypatch, tmp_path):
    """Does a diagram know the solution that it shows, so that it cannot tell of an older net?"""
    source = tmp_path / "source.py"
    source.write_text(source_notebook.SOURCE.read_text().replace("strides=2", "strides=3"))
    monkeypatch.setattr(source_notebook, "SOURCE", source)
    assert "net_2.webp" in names(figures.find_stale(**kept))
    assert "net_1.webp" not in names(figures.find_stale(**kept))


def test_edited_missing_and_left_over_pictures_are_noticed(kept):
    """Does it matter how a picture went wrong?"""
    folder = kept["folder"]
    (folder / "digit.webp").write_bytes((folder / "digit.webp").read_bytes() + b" ")
    (folder / "net_1.webp").unlink()
    (folder / "old.webp").write_bytes(b"")
    assert names(figures.find_stale(**kept)) == ["digit.webp", "net_1.webp"]
    assert figures.find_left_over(folder=folder) == [folder / "old.webp"]


def test_only_stale_pictures_are_made_anew(kept):
    """Does making mend a spoilt picture, to the committed pixels, and leave the others alone?"""
    spoilt, others = (
        kept["folder"] / "pooling.webp",
        set(kept["folder"].glob("*")) - {kept["folder"] / "pooling.webp"},
    )
    spoilt.write_bytes(b"")
    before = {path: path.stat().st_mtime_ns for path in others}
    assert names(figures.make_stale(**kept)) == ["pooling.webp"]
    assert {path: path.stat().st_mtime_ns for path in others} == before
    assert figures.find_stale(**kept) == []
    made, committed = frames(spoilt.read_bytes()), frames((figures.FOLDER / "pooling.webp").read_bytes())
    assert made.shape == committed.shape
    # another machine may round the edge of a letter otherwise
    assert np.mean(np.abs(made.astype(int) - committed) > 8) < 0.001


def test_making_twice_gives_the_same_bytes():
    """Would Git show a change where there is none?"""
    assert pooling.POOLING.make() == pooling.POOLING.make()
    assert photographs.CHANNELS_PICTURE.make() == photographs.CHANNELS_PICTURE.make()


def test_checking_imports_nothing_heavy():
    """Is `build --check` spared the seconds that Matplotlib and TensorFlow take?"""
    script = (
        "import sys; from admin.course import figures; figures.find_stale(); figures.find_left_over();"
        "print({'matplotlib', 'tensorflow', 'keras', 'PIL'} & set(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "set()"


def test_pictures_are_light_and_moving_ones_calm_and_endless():
    """Does a page with all of them load quickly, and is there time to read each step?"""
    sizes = {picture.name: (figures.FOLDER / picture.name).stat().st_size for picture in figures.PICTURES}
    assert max(sizes.values()) < MAX_BYTES
    assert sum(sizes.values()) < MAX_BYTES_TOGETHER
    for picture in figures.PICTURES:
        with Image.open(figures.FOLDER / picture.name) as image:
            moves = getattr(image, "n_frames", 1) > 1
            assert moves == picture.alt.startswith("Moving picture: ")
            if moves:
                assert image.info["loop"] == 0
                stays = []
                for frame in ImageSequence.Iterator(image):
                    frame.load()  # only then Pillow knows how long it stays
                    stays.append(frame.info["duration"])
                assert min(stays) >= 800
                assert max(stays) >= 2000


def test_the_notebook_shows_each_picture_with_its_text():
    """Is no picture forgotten in the notebook, and is each described to those who do not see it?"""
    cells = source_notebook.read_source().cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    shown = [p.name for p in figures.PICTURES if f"![{p.alt}](figures/{p.name})" in " ".join(text.split())]
    assert shown == names(list(figures.PICTURES))


def test_the_worked_convolution_is_the_notebook_s():
    """Does the picture reckon with the very numbers that stand in the notebook?"""
    tools = types.SimpleNamespace(show_convolution=lambda *args, **options: None)
    lesson: dict[str, Any] = {"np": np, "tools": tools}
    cells = source_notebook.read_source().cells
    exec(next(cell.source for cell in cells if cell.source.startswith("picture = np.array")), lesson)
    assert np.array_equal(lesson["picture"], worked_convolution.IMAGE)
    assert np.array_equal(lesson["kernel"], worked_convolution.KERNEL)


def test_same_with_stride_2_is_what_keras_makes():
    """Are the sums of the picture those of a real layer with padding="same"?"""
    import keras

    layer = keras.layers.Conv2D(1, 3, strides=2, padding="same", use_bias=False, kernel_initializer="ones")
    by_keras = np.asarray(layer(padding_stride.IMAGE.reshape(1, 6, 6, 1).astype(np.float32)))[0, :, :, 0]
    assert np.array_equal(by_keras, padding_stride.SAME.sums())
    assert not np.array_equal(by_keras, padding_stride.RING.sums())


@pytest.mark.parametrize("name", ["net_1", "net_2"])
def test_texts_of_the_nets_tell_what_the_real_models_say(name):
    """Does who hears the text learn the same shapes and numbers of weights as Keras reports?"""
    model = nets.model(name)
    assert model.count_params() == 1_199_882
    alt = nets.ALTS[name]
    assert "1,199,882" in alt
    at = 0  # each stage's numbers have to follow on those of the stage before
    for stage in nets.stages(model):
        shape = " × ".join(f"{side:,}" for side in stage.shape)
        at = alt.index(shape, at)
        if stage.weights:
            at = alt.index(f"{stage.weights:,} weights", at)


def test_the_text_of_the_channels_tells_what_is_in_the_file():
    """Is the pixel that the text names really there?"""
    with np.load(CIFAR) as arrays:
        image = arrays["x"][photographs.AUTOMOBILE]
    for value in image[photographs.PIXEL]:
        assert f" {value} for " in photographs.CHANNELS_ALT


def test_the_quiz_does_not_answer_itself():
    """Are there as many photographs as the text says, in an order and with a text that give no class away?"""
    with np.load(CIFAR) as arrays:
        labels = arrays["y"].ravel()
    assert len(labels) == 20
    assert "from 1 to 20" in photographs.CLASSES_ALT
    assert labels.tolist() != sorted(labels)
    assert not [name for name in CIFAR_CLASSES if name in photographs.CLASSES_ALT]


def frames(content: bytes) -> np.ndarray:
    """All frames of a picture, (n, height, width, 3)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.array([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])


def test_on_paper_each_moving_picture_is_its_last_frame():
    """Has each one rule of build's sheet, found by its text, with the committed file's last frame?"""
    sheet = on_paper.SHEET.read_text(encoding="utf-8")
    rules = re.findall(r'img\[alt\^="([^"\\]+)"\].*?base64,([^"]+)"', sheet)
    moving = [picture for picture in figures.PICTURES if picture.alt.startswith("Moving picture: ")]
    assert len(rules) == len(moving) > 0
    for picture in moving:
        (still,) = [still for begin, still in rules if picture.alt.startswith(begin)]
        committed = frames((figures.FOLDER / picture.name).read_bytes())
        assert np.array_equal(frames(base64.b64decode(still)), committed[-1:]), picture.name
