"""nbgrader's `zip_collect` for archives of students: regular files with clean names, within bounds.

nbgrader's own unpacks without any bound, ends for the whole class at the first archive that is damaged, and
copies what a link in the folder of archives leads to.
"""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Int

from admin.exchange.clean_copy import KINDS, MAX_DEPTH, LeftOut, Rules, copy_clean, is_clean, opened, shown
from admin.exchange.collect import is_student
from admin.text import printable

MAX_FILES = 1_000_000
MAX_ARCHIVE_DEPTH = 3  # archives in archives
GZIP = b"\x1f\x8b"


class CleanExtractor(ExtractorPlugin):
    """Unpacks archives, and archives in them, and says in one line for each what was left out."""

    archive_bytes = Int(
        2_000_000_000, help="Bytes that a folder of archives, or one of them, may unpack to."
    ).tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Copy what is in the folder of archives, then put each archive's files in its place."""
        target = Path(extracted_path)
        with opened(archive_path) as folder:
            everything = Rules(MAX_FILES, self.archive_bytes, self.archive_bytes)
            self.say(archive_path, copy_clean(folder, target, everything, any_owner=True))
        for depth in range(MAX_ARCHIVE_DEPTH):
            rules = Rules() if depth else everything
            for archive in self.archives(target):
                self.log.info("Extracting: %s", shown(archive.name))
                self.say(archive.name, unpack(archive, rules))
        for archive in self.archives(target):
            left_out = LeftOut()
            left_out.add(archive.name, f"more than {MAX_ARCHIVE_DEPTH} archives in one another")
            self.say(archive.parent.name, left_out)
            archive.unlink()

    def archives(self, folder: Path) -> list[Path]:
        return sorted(path for path in folder.rglob("*") if path.suffix in self.zip_ext and path.is_file())

    def say(self, name: str, left_out: LeftOut) -> None:
        if left_out:
            self.log.warning("%s: left out %s", shown(name), left_out)


class CleanFileNames(FileNameCollectorPlugin):
    """Takes from a file's name only a student and a file that there can be."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        found: dict[str, str] | None = super().collect(submitted_file)
        if found and not (
            is_student(found.get("student_id") or "")
            and all(map(is_clean, (found.get("file_id") or "").split("/")))
        ):
            self.log.warning("Left out: %s names no student or no file", shown(submitted_file))
            return None
        return found


def unpack(archive: Path, rules: Rules) -> LeftOut:
    """Put an archive's files into a folder of its name, in its place; what was left out.

    Raises OSError when they cannot be written.
    """
    target = archive.with_name(archive.name.removesuffix(archive.suffix).removesuffix(".tar"))
    if os.path.lexists(target):
        target = archive.with_name(f"{archive.name} unpacked")
    target.mkdir()
    unpacking = _Unpacking(target, rules)
    try:
        if zipfile.is_zipfile(archive):
            unpacking.zip(archive)
        else:
            unpacking.tar(archive)
    except Exception as error:  # whatever it is: archives are made by strangers' programs
        if isinstance(error, OSError) and error.errno:
            raise
        unpacking.left_out.add(archive.name, f"damaged: {printable(str(error) or type(error).__name__)}")
    archive.unlink()
    return unpacking.left_out


class _Unpacking:
    """The state of one archive: where it goes, what is left of its bounds, and what has been left out."""

    def __init__(self, target: Path, rules: Rules) -> None:
        self.target, self.rules = target, rules
        self.files, self.bytes = rules.files, rules.total_bytes
        self.left_out = LeftOut()

    def zip(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as members:
            for member in members.infolist():
                kind = KINDS.get(stat.S_IFMT(member.external_attr >> 16), "")
                kind = kind or ("encrypted" if member.flag_bits & 1 else "")
                if member.is_dir() or not self.fits(member.filename, member.file_size, kind):
                    continue
                try:
                    with members.open(member) as reader:
                        self.write(member.filename, reader, member.file_size)
                except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
                    self.left_out.add(member.filename, f"damaged: {printable(str(error))}")

    def tar(self, archive: Path) -> None:
        with archive.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            plain: Any = gzip.GzipFile(fileobj=file) if packed else file
            # As a stream: what stands in it is read once, and no further than our bounds go.
            bounded: Any = _Bounded(plain, 2 * self.rules.total_bytes)
            with tarfile.open(fileobj=bounded, mode="r|") as members:
                for member in members:
                    if member.isdir():
                        continue
                    if self.fits(member.name, member.size, "" if member.isreg() else "not a file"):
                        reader = members.extractfile(member)
                        assert reader is not None
                        self.write(member.name, reader, member.size)

    def fits(self, name: str, size: int, kind: str) -> bool:
        """True when this file may be written; else that is noted. Raises _TooMany when no other one may."""
        self.files -= 1
        if self.files < 0:
            raise _TooMany(f"more than {self.rules.files:,} files")
        reason = kind
        if not reason and not (all(map(is_clean, parts(name))) and len(parts(name)) <= MAX_DEPTH):
            reason = "its name cannot be used"
        if not reason and size > min(self.bytes, self.rules.file_bytes):
            reason = f"too large: {size / 1e6:,.0f} MB"
        if reason:
            self.left_out.add(name, reason)
        return not reason

    def write(self, name: str, reader: IO[bytes], size: int) -> None:
        place = self.target.joinpath(*parts(name))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as writer:
                while size > 0 and (part := reader.read(min(1 << 20, size))):
                    size -= len(part)
                    self.bytes -= writer.write(part)
        except (FileExistsError, NotADirectoryError):
            self.left_out.add(name, "there twice")


class _TooMany(Exception):
    """An archive with more files than may be unpacked."""


class _Bounded:
    """A stream that ends after so many bytes, also for a reader that asks for all of them at once."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self.stream, self.left = stream, most

    def read(self, size: int) -> bytes:
        part = self.stream.read(min(size, self.left))
        self.left -= len(part)
        return part


def parts(name: str) -> list[str]:
    """The names in a path of an archive; some programs of Windows write it with backslashes."""
    return [part for part in name.replace("\\", "/").split("/") if part != "."]
