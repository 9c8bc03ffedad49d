"""What the notebook's interactive figures share: how they are shown, and the pictures and nets they take.

An interactive figure is a function that makes a `View`: ipywidgets to move, and the same picture standing
still. `show` hands both to the notebook. Where widgets run, one plays; where they don't (GitHub, nbconvert, a
page of feedback, a screen reader), the still picture and its text stand in their place.

Their pictures are made by `tools.markup`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools import markup
from tools.runtime import grading

if TYPE_CHECKING:
    from anywidget import AnyWidget
    from ipywidgets import Widget

REFUSED = (
    "There is nothing to show: {reason}. Run the cells that make pictures and labels again, then this one."
)
NO_NET = "{name} can't be asked: it is {kind}, not a Keras model."
OTHER_INPUT = (
    "{name} can't read these pictures: it takes the shape {wanted}, and they have {found}. Were they "
    "overwritten by other ones? Run the cell that makes them again, then this one."
)
CONTROL_WIDTH = "330px"
STILL = "course-still"
PLAY_BUTTONS = ["Play or pause", "Stop", "Repeat"]


@dataclass(frozen=True)
class View:
    """An interactive figure, before it is shown.

    `box` holds the widgets, `still` is HTML for where they don't run, `text` says in words what is seen.
    `parts` names the widgets inside, so that a test can move them.
    """

    box: Widget
    still: str
    text: str
    parts: Mapping[str, Any] = field(default_factory=dict)


def show(make: Callable[[], View], name: str) -> None:
    """Make a view and display it. While nbgrader runs the notebook, only its name is printed.

    The still picture is an output of its own. Of one that has both, JupyterLab keeps to the widgets, also in
    a saved notebook, whose widgets are gone. custom.css shows the one of the two that can be seen.
    """
    if grading():
        print(f"[{name}: something to play with, left out while grading]")
        return
    from IPython.display import display

    view = make()
    still = f'<div class="{STILL}">{view.still}</div>'
    display({"text/html": still, "text/plain": f"[{name}: {view.text}]"}, raw=True)
    live = accessible(view)._repr_mimebundle_() or {}
    display({**live, "text/plain": ""}, raw=True)


def accessible(view: View) -> Widget:
    """The same with names for its sliders and buttons, which keep the arrow keys, and with clicks: access.js.

    A click on a picture's part (`markup.clickable`) sets the view's parts of these names.
    """
    from ipywidgets import VBox

    access = _access_class()()
    access.on_msg(lambda _, picked, __: pick(view, picked))
    return VBox([view.box, access])


def pick(view: View, picked: Mapping[str, int]) -> None:
    """Set the parts of a view to what was clicked; a name without a part is passed over."""
    for name, value in picked.items():
        if part := view.parts.get(name):
            part.value = value


@functools.cache
def _access_class() -> type[AnyWidget]:
    """The class is made when it is first wanted: importing anywidget takes a while."""
    import anywidget
    import traitlets

    class Access(anywidget.AnyWidget):
        _esm = (Path(__file__).parent / "access.js").read_text(encoding="utf-8")
        words = traitlets.List(PLAY_BUTTONS).tag(sync=True)

    return Access


def controls(*parts: Widget) -> Widget:
    """Widgets in rows. Each keeps its length, and what has no room goes to the next row."""
    from ipywidgets import HBox, Layout

    for part in parts:
        part.layout.width, part.layout.flex = part.layout.width or CONTROL_WIDTH, "0 0 auto"
        part.layout.max_width = "100%"
    return HBox(list(parts), layout=Layout(flex_flow="row wrap"))


def pictures_with_labels(
    images: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Pictures as (n, h, w, channels) floats, and their labels as (n,) whole numbers.

    A missing channel axis is put in, and labels of shape (n, 1) are made flat. Raises ValueError when there
    are no pictures, when their axes are others, or when there are not as many labels.
    """
    pictures = np.asarray(images, dtype=np.float32)
    pictures = pictures[..., np.newaxis] if pictures.ndim == 3 else pictures
    flat = np.asarray(labels).reshape(-1).astype(np.intp)
    if pictures.ndim != 4 or not len(pictures) or pictures.shape[3] not in (1, 3):
        raise ValueError(
            f"pictures have the shape (n, height, width, 1) or (…, 3), these have {np.shape(images)}"
        )
    if len(flat) != len(pictures):
        raise ValueError(f"each picture has one label, but there are {len(pictures)} and {len(flat)}")
    return pictures, flat


def refusal(models: Mapping[str, Any], images: NDArray[Any], labels: NDArray[Any]) -> str:
    """Why these nets can't be asked about these pictures, in one sentence; "" where they can."""
    try:
        pictures, _ = pictures_with_labels(images, labels)
    except (TypeError, ValueError) as reason:
        return REFUSED.format(reason=reason)
    for name, model in models.items():
        if not callable(model):
            return NO_NET.format(name=name, kind=type(model).__name__)
        wanted, found = getattr(model, "input_shape", None), pictures.shape
        # A model of one's own class says no shape, one with several inputs says a list.
        if isinstance(wanted, tuple) and any(a not in (None, b) for a, b in zip_longest(wanted, found)):
            return OTHER_INPUT.format(name=name, wanted=wanted[1:], found=found[1:])
    return ""


def only_words(words: str) -> View:
    """A view that says why there is nothing to play with."""
    from ipywidgets import HTML

    still = markup.page(markup.paragraph(words))
    return View(HTML(still), still, words)


def pixels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture (h, w, 1) or (h, w, 3) of floats from 0 to 1 as 8-bit colours (h, w, 3), for `image`."""
    values = np.clip(np.asarray(image, dtype=float), 0, 1)
    shape = (*values.shape[:2], 3)
    return np.ascontiguousarray(np.broadcast_to(np.round(255 * values).astype(np.uint8), shape))


def probabilities(model: Any, images: NDArray[Any], batch: int = 200) -> NDArray[np.float32]:
    """What a Keras net answers to pictures (n, h, w, channels): one row of shares for each, (n, classes).

    The net is called directly, which for a few pictures takes a tenth of the time of `predict`.
    """
    parts = [
        np.asarray(model(images[at : at + batch], training=False)) for at in range(0, len(images), batch)
    ]
    return np.nan_to_num(np.concatenate(parts).astype(np.float32))
