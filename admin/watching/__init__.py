"""Grading of what comes in: hand-ins are taken, graded and answered, and a page shows it."""
