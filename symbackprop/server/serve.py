"""The page on this machine: a browser asks, a process answers. Nothing but loopback is listened to, no other site is served.

GET gives the page and what it is made of; POST /ask/NAME gives the answer of that name as JSON. Each answer is worked out in a
process with limits on time and memory (`worker`): one for what is known at once, which waits for nothing, one for the
report, one for verdicts, whose search for mistakes may take long, one for all else.
"""

from __future__ import annotations

import json
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread
from typing import Any, NamedTuple

from symbackprop.core.errors import SymbackpropError
from symbackprop.server.answer import Answer, Fault
from symbackprop.server.answers import LONGEST
from symbackprop.server.gallery import gallery
from symbackprop.server.labels import labels
from symbackprop.server.worker import NoAnswerError, Worker

HOST = "127.0.0.1"
PORT = 8765  # where the page is, if nothing else is there
MOST = 4 * LONGEST  # bytes of a question: each character may take four
SECONDS = {"equations": 10.0, "formulas": 10.0}  # for a question; others have MORE
MORE = 60.0
WARM = ("x: data[d]\nW: parameter[h, d]\nL = sum(sigmoid(W @ x)**2)\n", "equations", "formulas", "checked", "picture")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ASKED = ("equations", "formulas", "checked", "picture", "judged", "file")


class ServeError(SymbackpropError):
    """The page cannot be served; the message says why, and what to do."""


class Static(NamedTuple):
    """A file of the page: where it lies and its kind."""

    package: str
    path: tuple[str, ...]
    kind: str

    def read(self) -> bytes:
        return files(self.package).joinpath(*self.path).read_bytes()


STATIC = {
    "/": Static("symbackprop.server", ("static", "page.html"), "text/html; charset=utf-8"),
    "/page.css": Static("symbackprop.server", ("static", "page.css"), "text/css; charset=utf-8"),
    "/ask.js": Static("symbackprop.server", ("static", "ask_server.js"), "text/javascript; charset=utf-8"),
    "/page.js": Static("symbackprop.server", ("static", "page.js"), "text/javascript; charset=utf-8"),
    "/report.css": Static("symbackprop.documents.formats", ("style.css",), "text/css; charset=utf-8"),
    "/math.ttf": Static("ziamath", ("fonts", "STIXTwoMath-Regular.ttf"), "font/ttf"),
}


class Page(ThreadingHTTPServer):
    """The server. `close` ends its processes as well."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        try:
            super().__init__((HOST, port), Handler)
        except OverflowError:
            raise ServeError(f"there is no port {port}; give one from 1 to 65535 by --port") from None
        except OSError as fault:
            raise ServeError(f"port {port} cannot be had: {fault.strerror}; give another by --port") from None
        self.others = Worker(MORE)
        self.workers = {**{name: Worker(seconds) for name, seconds in SECONDS.items()}, "judged": Worker(MORE)}

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def ask(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of that name. Raises NoAnswerError where there is none."""
        return self.workers.get(name, self.others).ask(name, arguments)

    def warm(self) -> None:
        """Start the processes, so that the first key does not wait for them."""
        text, *names = WARM
        for name in names:
            with suppress(NoAnswerError):
                self.ask(name, {"text": text})

    def close(self) -> None:
        self.server_close()
        for worker in (*self.workers.values(), self.others):
            worker.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error; whatever else a request does, the page goes on."""
        fault = sys.exc_info()[1]
        if not isinstance(fault, ConnectionError):
            print(f"symbackprop: a request was not answered: {type(fault).__name__}: {fault}", file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Page  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds that a browser may take to say what it asks
    server_version, sys_version = "symbackprop", ""

    def do_GET(self) -> None:
        """A file of the page, or the examples."""
        if not self._is_own():
            return
        path = self.path.partition("?")[0]
        if path in STATIC:
            self._send(HTTPStatus.OK, _static(path), STATIC[path].kind)
        elif path == "/examples":
            self._json(HTTPStatus.OK, [example._asdict() for example in gallery()])
        elif path == "/labels":
            self._json(HTTPStatus.OK, labels())
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")

    def do_POST(self) -> None:
        """An answer."""
        if self._is_own():
            self._answer()

    def _answer(self) -> None:
        name = self.path.removeprefix("/ask/")
        if name not in ASKED or name == self.path:
            return self._refuse(HTTPStatus.NOT_FOUND, f"there is no question {name[:40]!r}; ask {', '.join(ASKED)}")
        if self.headers.get_content_type() != "application/json":
            return self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "ask in JSON")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "say how long the question is")
        if int(length) > MOST:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LONGEST:,} characters are read")
        try:
            arguments = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return self._refuse(HTTPStatus.BAD_REQUEST, "this is not JSON")
        if not isinstance(arguments, dict) or not isinstance(arguments.get("text"), str):
            return self._refuse(HTTPStatus.BAD_REQUEST, 'ask with an object that has a "text"')
        try:
            return self._json(HTTPStatus.OK, self.server.ask(name, arguments))
        except NoAnswerError as refused:
            return self._json(
                HTTPStatus.OK, {"ok": False, "faults": [{"message": str(refused), "fault": str(refused), "mend": ""}]}
            )

    def _is_own(self) -> bool:
        """Whether the page itself asks: another site that a browser shows could otherwise ask in its name."""
        own = {f"{host}:{self.server.server_port}" for host in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in own and (origin is None or origin.removeprefix("http://") in own):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "this page is for the browser of this machine alone")
        return False

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # what else was sent stays unread
        self._json(status, _refused(why))

    def _json(self, status: HTTPStatus, found: Any) -> None:
        self._send(status, json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"), "application/json; charset=utf-8")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "max-age=3600" if kind.startswith("font") else "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal says where the page is, and no more."""


def _refused(why: str) -> dict[str, Any]:
    return Answer(None, (Fault(why, why),)).head()


@lru_cache(maxsize=len(STATIC))
def _static(path: str) -> bytes:
    return STATIC[path].read()


def run(port: int | None = None, browser: bool = True) -> None:
    """Serve the page until Ctrl-C.

    port     where; None: 8765, or any that is free where that is taken.
    browser  whether to open the page.

    Raises ServeError where the port cannot be had.
    """
    try:
        page = Page(PORT if port is None else port)
    except ServeError:
        if port is not None:
            raise
        page = Page(0)
    try:
        print(f"{page.address}  (Ctrl-C ends it)", flush=True)
        Thread(target=page.warm, daemon=True).start()
        if browser:
            webbrowser.open(page.address)
        page.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        page.close()
