"""The course that is graded: where its files are, and what `build` makes them from."""
