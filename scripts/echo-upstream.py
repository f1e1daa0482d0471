#!/usr/bin/env python3
"""A tiny upstream that wants an API key and says what it saw.

Usage: echo-upstream.py PORT_FILE KEY_FILE SECONDS

Listens on a free port of the loopback interface, writes the port to PORT_FILE and ends after SECONDS.
It answers every GET with JSON: whether the request carried the key of KEY_FILE in X-Api-Key, and
whether any Authorization header came through (it must not: the caller's mandate is not the upstream's
business).
"""

import hmac
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main() -> None:
    port_file, key_file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with open(key_file, encoding="utf-8") as file:
        key = file.read().strip().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802, the name is the interface
            given = self.headers.get("X-Api-Key", "").encode()
            body = json.dumps(
                {
                    "hello": "from the upstream",
                    "path": self.path,
                    "saw_the_api_key": hmac.compare_digest(given, key),
                    "saw_a_mandate": self.headers.get("Authorization") is not None,
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the script that started us shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    partial = port_file + ".partial"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(partial, port_file)
    threading.Timer(seconds, server.shutdown).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
