"""The commands of `python3 -m admin`, a module each: arguments, words, exit code."""
