"""The IPython shell of a session, without a kernel around it."""

from __future__ import annotations

import base64
import codecs
import json
import os
import subprocess
import sys
from typing import Any

from admin.sandbox.guest.outputs import Outputs


def make_shell(outputs: Outputs) -> Any:
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.backend_inline import configure_inline_support

    class Hook(DisplayHook):
        """Shows the value of a cell's last line."""

        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            outputs.show(
                {
                    "output_type": "execute_result",
                    "execution_count": self.prompt_count,
                    "data": mime_bundle(format_dict),
                    "metadata": plain(md_dict),
                }
            )

        def finish_displayhook(self) -> None:
            pass

    class Publisher(DisplayPublisher):
        """`display(…)`, also of figures."""

        def publish(  # type: ignore[override]
            self,
            data: Any,
            metadata: Any = None,
            *,
            transient: Any = None,
            update: bool = False,
            **kwargs: Any,
        ) -> None:
            output = {
                "output_type": "display_data",
                "data": mime_bundle(data),
                "metadata": plain(metadata),
            }
            outputs.show(output, str((transient or {}).get("display_id") or ""), update)

        def clear_output(self, wait: bool = False) -> None:
            if wait:
                outputs.clear_before_next = True
            else:
                outputs.clear()

    class Shell(InteractiveShell):
        displayhook_class = Hook
        display_pub_class = Publisher

        def init_virtualenv(self) -> None:
            pass

        def enable_gui(self, gui: Any = None) -> None:
            """There is no window to draw on."""

        def ask_exit(self) -> None:
            raise SystemExit

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            try:
                text = str(evalue)
            except Exception:
                text = "(an error without words)"
            outputs.show(
                {
                    "output_type": "error",
                    "ename": str(getattr(etype, "__name__", etype)),
                    "evalue": text,
                    "traceback": [str(line) for line in stb],
                }
            )

        # IPython's own ways to run a program need a terminal device, which the sandbox has not.
        def system(self, cmd: str) -> None:
            cmd = self.var_expand(cmd, depth=1)
            with subprocess.Popen(
                ["/bin/sh", "-c", cmd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as program:
                assert program.stdout is not None
                decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a part may end in a character
                while part := os.read(program.stdout.fileno(), 1 << 16):
                    sys.stdout.write(decoder.decode(part))
                sys.stdout.write(decoder.decode(b"", final=True))
            self.user_ns["_exit_code"] = program.returncode

        system_piped = system_raw = system

        def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
            from IPython.utils.text import LSString, SList

            cmd = self.var_expand(cmd, depth=depth + 1)
            done = subprocess.run(
                ["/bin/sh", "-c", cmd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            text = done.stdout.decode("utf-8", "replace").rstrip("\n")
            return SList(text.split("\n")) if split else LSString(text)

    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False  # no database of what was typed
    shell = Shell.instance(config=config)
    configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
    return shell


def mime_bundle(data: Any) -> dict[str, Any]:
    """A display's data as it stands in a notebook: text, JSON, or bytes in base64."""
    bundle = {}
    for kind, value in dict(data).items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        bundle[str(kind)] = value if isinstance(value, str) else plain(value)
    return bundle


def plain(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value or {}, default=repr))
    except (ValueError, TypeError, RecursionError):
        return {}
