"""The checks of the course: what `problem_unittests` shows to students, and what the grader judges with.

`tasks/` has one module a task, with the three parts of its check; `task` says what these parts are, and has
the table of tasks. What several tasks share lies beside it:

* values: `plain` (as plain data), `unusable` (answers that can't be judged), `pixels` with `recognised`,
  `rows`, `one_hot_rows`;
* nets: `nets` with `layers`, `model` with `in_use`, and `forward`, what a net computes, in NumPy; `portable`,
  a net as plain data, and `carried`, which net of a task is asked outside the student's session;
* trainings: `training` with `training_record`, `losses`, and `pictures` that were never released;
* saying it: `asking` puts a check together, `report` prints it, with `mending` (what comes first),
  `stopped_cells` and `errors`; `language` finds the words in `words/`.
"""
