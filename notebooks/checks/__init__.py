"""The checks of the course: what `problem_unittests` shows to students, and what the grader judges with.

`tasks/` has one module a task, with the three parts of its check; `task` says what these parts are, and has
the table of tasks. What several tasks share lies beside it: `plain` (values as plain data), `unusable`
(answers that can't be judged), `pixels`, `rows`, `nets` with `layers` and `model`, `training`, and `forward`,
what a net computes, in NumPy. `asking` puts a check together, `report` prints it, and `language` finds the
words in `words/`.
"""
