"""Tests of the tests: code is changed in one place at a time, and nothing that is known may miss it."""
