"""Makes the exchanges that standard input lists, with the client of the standard library, and prints what came back."""

import base64
import http.client
import json
import sys

given = json.load(sys.stdin)
got = []
for one in given["exchanges"]:
    connection = http.client.HTTPConnection(given["host"])
    connection.putrequest(one["method"], one["target"], skip_accept_encoding=True)
    for name, value in one["headers"]:
        connection.putheader(name, value)
    connection.endheaders()
    body = base64.b64decode(one["body"])
    if one["chunked"]:
        for at in range(0, len(body), 700):
            piece = body[at:at + 700]
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        trailers = "".join(f"{name}: {value}\r\n" for name, value in one["trailers"])
        connection.send(b"0\r\n" + trailers.encode("latin-1") + b"\r\n")
    elif body:
        connection.send(body)
    answer = connection.getresponse()
    content = answer.read()
    got.append({
        "status": answer.status, "reason": answer.reason, "headers": answer.getheaders(),
        "body": base64.b64encode(content).decode(), "trailers": [],
    })
    connection.close()
print(json.dumps(got))
