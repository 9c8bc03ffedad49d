"""Task 7: batch size and epochs for net_2."""

from __future__ import annotations

from admin.course.answers.training import answers_of_both

ANSWERS = answers_of_both("train_net_2")
