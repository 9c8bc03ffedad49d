"""A Content-Security-Policy for what formgrader serves, as an extension of the Jupyter server.

nbgrader offers no hook for headers, and `tornado_settings` would set them for JupyterLab, too, which needs
more. So each answer below /formgrader gets its header on the way out. A graded notebook's page has a stricter
policy besides, in its head, from where its last own script has run (admin/pages/templates/formgrade).
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

# The only handlers in nbgrader's pages; an injected <img onerror=…> is none of them.
HANDLERS = (
    "toggle_name(true);",
    "toggle_name(false);",
    "toggleAllNames()",
    "createAssignmentModal();",
    "createStudentModal();",
)
HASHES = " ".join(
    f"'sha256-{base64.b64encode(hashlib.sha256(handler.encode()).digest()).decode()}'" for handler in HANDLERS
)
# nbgrader's pages also have scripts in line. They load and send nothing but from and to this server.
PAGES = (
    f"default-src 'none'; script-src 'self' 'unsafe-inline'; script-src-attr 'unsafe-hashes' {HASHES}; "
    "connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
# Files that lie beside a graded notebook are a student's, and may be HTML or SVG: shown as if from elsewhere.
FILES = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
OF_A_STUDENT = re.compile(r".*/formgrader/submissions/[^/]+/(?!(?:next|prev)(?:_incorrect)?/?$).")


class Policies(OutputTransform):
    """Adds the header to one answer of the server."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.path = request.path

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Called by Tornado before the headers leave."""
        if "/formgrader" in self.path:
            headers["Content-Security-Policy"] = FILES if OF_A_STUDENT.match(self.path) else PAGES
            headers["Referrer-Policy"] = "same-origin"
        return status_code, headers, chunk


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "admin.pages.policy"}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.web_app.add_transform(Policies)
