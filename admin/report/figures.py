"""The page's figures, as SVG that takes its colours from the page: light, dark and on paper.

Each has a text for those who do not see it. Colours are those of Okabe and Ito, told apart by all kinds of
colour vision, and no figure goes by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

from markupsafe import Markup, escape

from admin.report.numbers import Spread, TaskNumbers

WIDTH, HEIGHT = 640, 200
LEFT, BOTTOM, TOP = 40, 36, 18
ROW = 26


def distribution(spread: Spread) -> Markup:
    """How many students have how many points."""
    step = spread.out_of / len(spread.bins)
    labels = [f"{step * place:.0f}" for place in range(len(spread.bins) + 1)]
    said = "; ".join(
        f"{low} to {high} points: {count}"
        for low, high, count in zip(labels, labels[1:], spread.bins, strict=False)
        if count
    )
    text = f"Histogram of points. Students by points of {spread.out_of:g}: {said}."
    room = (WIDTH - LEFT - 10) / len(spread.bins)
    ticks = [(LEFT + room * place, label) for place, label in enumerate(labels)]
    return _picture(text, _columns(spread.bins, room) + _axis(ticks, "points"), WIDTH, HEIGHT)


def hand_ins(days: Mapping[date, int]) -> Markup:
    """How many handed in on each day; of long times, in as many equal parts as fit."""
    counts, dates = list(days.values()), list(days)
    parts = min(len(counts), 30)
    bounds = [round(place * len(counts) / parts) for place in range(parts + 1)]
    sums = [sum(counts[low:high]) for low, high in pairwise(bounds)]
    said = "; ".join(
        f"from {dates[low]:%d %b}: {count}" for low, count in zip(bounds, sums, strict=False) if count
    )
    text = f"Hand-ins by day (UTC), {dates[0]:%d %b %Y} to {dates[-1]:%d %b %Y}. {said}."
    room = (WIDTH - LEFT - 10) / parts
    every = -(-parts // 8)
    ticks = [
        (LEFT + room * (place + 0.5), f"{dates[bounds[place]]:%d %b}") for place in range(0, parts, every)
    ]
    return _picture(text, _columns(sums, room) + _axis(ticks, "day"), WIDTH, HEIGHT)


def shares(rows: Sequence[tuple[str, TaskNumbers]]) -> Markup:
    """Full, part and none of each task's points, a bar a task."""
    left, right = 190, 10
    room = WIDTH - left - right
    drawn = Markup()
    said = []
    for place, (title, task) in enumerate(rows):
        y = place * ROW
        drawn += Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(
            left - 8, y + ROW * 0.65, title if len(title) < 30 else f"{title[:28]}…"
        )
        said.append(f"{title}: full {task.full}, part {task.part}, none {task.none}")
        x = float(left)
        for name, count in (("full", task.full), ("part", task.part), ("none", task.none)):
            width = room * count / task.n if task.n else 0
            if count:
                drawn += Markup(
                    '<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>'
                    '<text class="on-{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
                ).format(
                    name, x, y + 3, width, ROW - 6, name, x + width / 2, y + ROW * 0.65,
                    count if width > 18 else "",
                )  # fmt: skip
            x += width
    text = f"Students with full points, a part of them, and none, by task. {'; '.join(said)}."
    return _picture(text, drawn, WIDTH, ROW * len(rows) + 4)


def _columns(counts: Sequence[int], room: float) -> Markup:
    """A column for each count, with the number on top."""
    most = max([*counts, 1])
    height = HEIGHT - BOTTOM - TOP
    drawn = Markup()
    for place, count in enumerate(counts):
        tall = height * count / most
        x, y = LEFT + room * place, HEIGHT - BOTTOM - tall
        drawn += Markup(
            '<rect class="full" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
            '<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
        ).format(x + 1, y, max(room - 2, 1), tall, x + room / 2, y - 4, count or "")
    return drawn


def _axis(ticks: Sequence[tuple[float, str]], name: str) -> Markup:
    line = Markup('<line class="axis" x1="{}" y1="{y}" x2="{}" y2="{y}"/>').format(
        LEFT, WIDTH - 10, y=HEIGHT - BOTTOM
    )
    for x, label in ticks:
        line += Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x, HEIGHT - BOTTOM + 14, label
        )
    return line + Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
        (LEFT + WIDTH) / 2, HEIGHT - 4, name
    )


def _picture(text: str, drawn: Markup, width: int, height: int) -> Markup:
    head = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">').format(
        escape(text), width, height, width, height
    )
    return head + drawn + Markup("</svg>")
