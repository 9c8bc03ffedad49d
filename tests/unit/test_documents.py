"""The documents: each path that they name exists, each command that they name can be given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from admin.__main__ import COMMANDS
from checks.task import DISCUSSION, TABLE

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "notebooks/data/README.md")
CHAPTERS = sorted(
    str(path.relative_to(ROOT)) for path in [ROOT / "admin/README.md", *(ROOT / "admin/docs").glob("*.md")]
)
# Of these kinds, a name alone or the end of a path will do, as in `words/en.toml`.
KINDS = ("py", "sh", "md", "toml", "cfg", "html", "webp")
NOT_OURS = {".git", ".venv", "course"}
TOPS = {path.name for path in ROOT.iterdir()} - NOT_OURS
FILES = {f"/{path.relative_to(ROOT)}" for top in TOPS for path in (ROOT / top, *(ROOT / top).rglob("*"))}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code(text: str) -> Iterator[str]:
    """What stands in backticks, and in blocks of code."""
    blocks = re.split(r"^```\w*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    yield from blocks[1::2]
    for rest in blocks[0::2]:
        yield from re.findall(r"`([^`\n]+)`", rest)


def paths(text: str) -> Iterator[str]:
    """The words of the code that look like a path of the repository; `<task>` is any name."""
    for word in " ".join(code(text)).split():
        name = re.sub(r"<\w+>", "*", word).rstrip("/:,").partition("::")[0]
        top, kind = name.split("/")[0], name.rpartition(".")[2]
        ours = top in TOPS or (kind in KINDS and top not in NOT_OURS)
        if ours and re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*", name):
            yield name


def exists(name: str) -> bool:
    """Is there a file or folder of this name, whole or, for the kinds above, by the end of its path?"""
    if name.rpartition(".")[2] in KINDS and "*" not in name:
        return any(file.endswith(f"/{name}") for file in FILES)
    return any(ROOT.glob(name))


@pytest.mark.parametrize("document", [*DOCUMENTS, *CHAPTERS])
def test_each_path_that_a_document_names_exists(document: str):
    """Would a reader who follows it find something there?"""
    missing = [name for name in paths(text_of(document)) if not exists(name)]
    assert not missing, f"{document} names {', '.join(missing)}"


@pytest.mark.parametrize("document", [*DOCUMENTS, *CHAPTERS])
def test_each_link_leads_somewhere(document: str):
    """Is there a file behind each link and picture that names no other machine?"""
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    ours = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in ours if link and not ((ROOT / document).parent / link).exists()] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *CHAPTERS])
def test_each_command_that_a_document_names_can_be_given(document: str):
    """Does `python3 -m admin` know it, and is there a module behind every other `python -m`?"""
    given = re.findall(r"python3? -m ([\w.]+)(?: (\w+))?", text_of(document))
    commands = {command for module, command in given if module == "admin" and command}
    assert commands - set(COMMANDS) == set()
    assert [module for module, _ in given if not find_spec(module)] == []


def test_the_table_of_tasks_is_the_one_of_the_checks():
    """Does the chapter on a term name every task with its number and its points?"""
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \| (\d+) \|", text_of("admin/docs/term.md"), re.MULTILINE)
    entries = [*TABLE.values(), DISCUSSION]
    assert {(number, name, points) for number, name, points in rows} == {
        (str(entry.number or "extra"), entry.name, str(entry.points)) for entry in entries
    }


def test_the_notebook_counts_its_tasks_as_the_table_does():
    """Are the table's numbers 1, 2, 3, …, and is each task's heading in the notebook's source its own?"""
    entries = [entry for entry in [*TABLE.values(), DISCUSSION] if entry.number]
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    source = text_of("admin/course/source/convolutional_networks.py")
    told = re.findall(r"^# \*\*Task (\d+) \((\d+) points", source, re.MULTILINE)
    assert told == [(str(entry.number), str(entry.points)) for entry in entries]


def test_every_chapter_is_in_the_index():
    """Does the instructors' first page lead to each chapter?"""
    index = text_of("admin/README.md")
    chapters = [path.name for path in (ROOT / "admin/docs").glob("*.md")]
    assert [name for name in chapters if f"(docs/{name})" not in index] == []


def test_the_citation_can_be_read():
    """Is CITATION.cff YAML with what the format asks for?"""
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
