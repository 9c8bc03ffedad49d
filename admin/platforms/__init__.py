"""Learning platforms (Canvas, Moodle, Gradescope): their class lists, archives and files of grades."""
