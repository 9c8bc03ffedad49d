"""Colours and sizes, the same in every figure of the notebook."""

from __future__ import annotations

from typing import Any

PICTURE_MAP = "gray"  # for pictures: 0 is black
VALUE_MAP = "cividis"  # for numbers; even to the eye, and the same for colour-blind readers
WIDTH = 7.5  # inches; letters have the same size in every figure
PIXELS = 160  # an inch: sharp on fine screens, and light enough to keep in the notebook

# Okabe & Ito's colours, which colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#CC79A7"

# Of what is HTML or SVG: the page's own, so that it is to be read on dark pages as well.
INK = "var(--jp-content-font-color1, #212121)"
FAINT = "var(--jp-border-color1, #9e9e9e)"
PAPER = "var(--jp-layout-color1, #ffffff)"

# Of what is drawn by Matplotlib.
SETTINGS: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "figure.dpi": 100,
}
