"""Grading by hand: all answers to one question below each other, on a page beside nbgrader's formgrader."""
