"""What a student's code shows while a check asks it: held back, so that the findings stay in sight."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout


@contextmanager
def held_back() -> Iterator[Callable[[], bool]]:
    """Within, nothing that is printed or shown comes through; the function tells whether there was anything.

    In a notebook, `display` (and so `model.summary()`) goes past the streams:
    https://ipython.readthedocs.io/en/stable/api/generated/IPython.utils.capture.html
    """
    printed, shown = io.StringIO(), False
    with ExitStack() as after:
        after.enter_context(redirect_stdout(printed))
        after.enter_context(redirect_stderr(printed))
        after.enter_context(figures_closed())
        captured = None
        if "IPython" in sys.modules:
            from IPython.utils.capture import capture_output

            captured = after.enter_context(capture_output(stdout=False, stderr=False))
        yield lambda: shown or bool(printed.getvalue())
        shown = bool(captured and captured.outputs)


@contextmanager
def figures_closed() -> Iterator[None]:
    """Figures that a student's function draws within would show up under the cell that asks it."""
    before = _figures()
    try:
        yield
    finally:
        for number in _figures() - before:
            sys.modules["matplotlib.pyplot"].close(number)


def _figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()
