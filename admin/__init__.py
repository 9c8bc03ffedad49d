"""The instructor's side of the course: `python3 -m admin COMMAND`."""
