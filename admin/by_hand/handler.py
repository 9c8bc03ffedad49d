"""What our pages in a Jupyter server share: sign-in, protection, headers, and the course.

Handlers are nbgrader's own in their base: they have the server's sign-in, its protection against forged
requests, and the course and gradebook that formgrader has.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

from markupsafe import Markup
from nbgrader.server_extensions.formgrader.base import BaseHandler, check_notebook_dir, check_xsrf
from tornado import web

from admin.course.layout import Course, quiet
from admin.report.page import templates_in
from checks.language import Said

POLICY = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "img-src": "data:",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'self'",
}


def signed_in(method: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None] | None]:
    """What nbgrader asks for before each of its handlers; then what it raises is told in a sentence."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    @functools.wraps(method)
    async def checked(self: Handler, *names: str) -> None:
        try:
            with quiet():
                await method(self, *names)
        except Said as error:
            self.refuse(error)

    return checked


class Handler(BaseHandler):
    """A page with one style and one script, page.css and page.js in its folder `templates`, or its data."""

    templates: ClassVar[Path]

    @property
    def content_security_policy(self) -> str:
        """No script but our one, by its hash, and nothing from elsewhere."""
        policy = {**POLICY, "script-src": self.scripts()}
        return "; ".join(f"{what} {whence}" for what, whence in policy.items())

    def scripts(self) -> str:
        """The scripts that may run."""
        return f"'{hash_of(self.source_of('page.js'))}'"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")

    @property
    def course(self) -> Course:
        return Course.at(self.coursedir.root)

    def refuse(self, error: Said) -> None:
        """What has gone wrong, to whoever asked."""
        self.set_status(404)
        self.tell(str(error.sentence))

    def tell(self, message: str) -> None:
        """A sentence, to the page's script."""
        self.finish({"message": message})

    def source_of(self, name: str) -> Markup:
        return Markup((self.templates / name).read_text(encoding="utf-8"))

    def template(self, name: str) -> Any:
        return templates_in(self.templates).get_template(name)


def hash_of(script: str) -> str:
    """A script as the policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
