#!/usr/bin/env python3
"""A receiver of Caracal's notifications: takes what is signed, fresh and new, and prints it, a line each.

Usage: CARACAL_SINK_SECRET_FILE=secret receiver.py PORT
Needs nothing but Python. Put it behind a proxy that has a certificate.
"""

import collections
import hashlib
import hmac
import http.server
import os
import pathlib
import sys
import time

# An attempt is signed when it is made: an older one is a copy that somebody kept.
MAX_AGE_SECONDS = 300
MAX_BODY_BYTES = 1024 * 1024
# Ids of deliveries that were taken. Keep them where they survive a restart, for a week.
SEEN = collections.OrderedDict()
MAX_SEEN = 100_000


def is_genuine(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Whether `body`, byte for byte as it came, was signed with `secret` within the last minutes."""
    if not timestamp.isascii() or not timestamp.isdigit() or abs(now - int(timestamp)) > MAX_AGE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={expected}".encode(), signature.encode())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return self.answer(413)
        body = self.rfile.read(int(length))
        # Read each time, so that a rotated secret needs no restart. What is refused meanwhile comes again.
        secret = pathlib.Path(os.environ["CARACAL_SINK_SECRET_FILE"]).read_text().strip()
        timestamp = self.headers.get("x-caracal-timestamp", "")
        signature = self.headers.get("x-caracal-signature", "")
        if not is_genuine(secret, timestamp, signature, body, time.time()):
            return self.answer(401)
        # The same delivery may come twice: an answer gets lost, or somebody sends it again.
        delivery = self.headers.get("x-caracal-delivery", "")
        if delivery not in SEEN:
            # Do your work here, or put it in a queue of yours, and answer 2xx only once it is safe.
            print(body.decode(), flush=True)
            SEEN[delivery] = True
            if len(SEEN) > MAX_SEEN:
                SEEN.popitem(last=False)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
