"""The lock serves every Python that README names, not only the one that it was made with."""

from __future__ import annotations

import re
import site
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from admin import bootstrap

ROOT = Path(__file__).resolve().parents[2]
# Of what the tests' environment has: the course, the tests, a cluster
LOCKS = ("admin/constraints.txt", "admin/cluster/constraints.txt")
# Debian 12's own is 3.11.2; of the later ones, the first of each will do.
PYTHONS = ("3.11.2", "3.12.0", "3.13.0")


def test_every_locked_package_serves_every_python_that_readme_names():
    """Would a package of the lock turn some of our Pythons away, as one did with Debian's own 3.11.2?"""
    lock = "".join((ROOT / name).read_text() for name in LOCKS)
    pins = re.findall(r"^([\w.-]+)==(\S+)$", lock, re.MULTILINE)
    wanted = {canonicalize_name(name): version for name, version in pins}
    # Not sys.path: setuptools, once imported, puts older copies of some packages there.
    installed = distributions(path=site.getsitepackages())
    here = {canonicalize_name(found.name): found for found in installed}
    found = [here[name] for name in wanted if name in here]
    assert len(found) > 0.9 * len(wanted), "this environment is not the one of the lock"
    assert {each.name for each in found if each.version != wanted[canonicalize_name(each.name)]} == set()
    too_new = [
        f"{each.name}=={each.version} wants Python {wants}"
        for each in found
        if (wants := each.metadata.get("Requires-Python", ""))
        and not all(SpecifierSet(wants).contains(python) for python in PYTHONS)
    ]
    assert not too_new


def test_readme_the_set_up_and_the_tests_name_the_same_pythons():
    """Is what README promises what the set-up accepts, down to Debian's own?"""
    readme = " ".join((ROOT / "README.md").read_text().split())
    named = [".".join(map(str, version)) for version in bootstrap.PYTHONS]
    assert f"Python {', '.join(named[:-1])} or {named[-1]}" in readme
    oldest = ".".join(map(str, bootstrap.OLDEST))
    assert f"{oldest}, Debian 12's own, or newer" in readme
    assert [oldest, *(f"{name}.0" for name in named[1:])] == list(PYTHONS)
