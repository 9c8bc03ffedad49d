"""What is missing on a machine: skipped at home, an error in continuous integration."""

from __future__ import annotations

import pytest

from tests.needs import skip_or_fail


def test_at_home_a_test_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch):
    """Is a machine without a browser no reason to see red?"""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        skip_or_fail("no browser")


def test_in_continuous_integration_it_fails(monkeypatch: pytest.MonkeyPatch):
    """Would a run without the sandbox be green?"""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        skip_or_fail("no browser")
