"""Task 5: batch size and epochs for net_1."""

from __future__ import annotations

from admin.course.answers.training import answers_of_both

ANSWERS = answers_of_both("train_net_1")
