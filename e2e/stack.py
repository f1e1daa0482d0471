"""What the checks share: the running stack, a recording upstream, and an administrator."""

import json
import os
import pathlib
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from caracalai_admin import AdminClient

HOME = pathlib.Path(os.environ["CARACAL_HOME"])
ENDPOINTS = json.loads((HOME / "endpoints.json").read_text())


def secret(name):
    """A generated secret of the stack under test."""
    return (HOME / "secrets" / name).read_text().strip()


def admin():
    """The published admin client, as an operator would make it."""
    return admin_over(None)


def admin_over(http):
    """The same, over somebody's own HTTP client."""
    return AdminClient(
        http_client=http,
        api_url=ENDPOINTS["api"],
        admin_token=secret("caracalAdminToken"),
        coordinator_url=ENDPOINTS["coordinator"],
        coordinator_token=secret("caracalCoordinatorToken"),
    )


class Upstream:
    """A real HTTP server that remembers every request."""

    def __init__(self):
        self.requests = []
        seen = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else b""
                seen.append(
                    {
                        "method": self.command,
                        "path": self.path,
                        "headers": {k.lower(): v for k, v in self.headers.items()},
                        "body": body.decode(),
                    }
                )
                answer = json.dumps({"ok": True, "path": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()


def unique(prefix):
    """A name no earlier run has used."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def check(condition, what):
    """An assertion that says what it proved, or what failed."""
    if not condition:
        raise AssertionError(what)
    print(f"  ok: {what}")
