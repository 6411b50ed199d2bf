"""The backend: the broker POSTs every event here, and runs the list of commands that it answers.

What a connection needs to remember (its name, its room) is kept by the broker in `sessionInfo`, and
comes along with every event. What was said is kept in a database.

Run it with a port: python3 backend.py 8001
"""

import json
import random
import sys
import time
import traceback
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import signature
from once import once

ROOM = "lobby"
MAX_BODY_BYTES = 1024 * 1024
KEYS = signature.keys()


def commands_for(database, message, connection, is_request):
    """The answer to an event: always a list of commands, even of one or none."""
    name = str(connection.get("name", "Somebody"))
    event = message.get("type")

    if event == "session-connect":
        name = "Guest %d" % random.randint(1000, 9999)
        return [
            {"type": "session", "data": {"name": name, "room": ROOM}},
            to_sender({"type": "welcome", "name": name}),
            to_room({"type": "joined", "name": name}),
        ]

    if event == "client-name":
        new_name = text_of(message, "name", 40)
        if new_name is None:
            return [refusal("A name has 1 to 40 characters.")]
        return [
            {"type": "session", "data": {"name": new_name}},
            to_room({"type": "renamed", "from": name, "to": new_name}),
        ]

    if event == "client-say":
        text = text_of(message, "text", 500)
        if text is None:
            return [refusal("A message has 1 to 500 characters.")]
        now = int(time.time())
        database.execute("INSERT INTO lines VALUES (?, ?, ?)", (name, text, now))
        return [to_room({"type": "said", "name": name, "text": text, "at": now})]

    if event == "client-history":
        # A request, which the client makes with `client.request()`, is answered with one `reply`.
        if not is_request:
            return [refusal("The history is a request: ask with client.request().")]
        rows = database.execute("SELECT name, text, at FROM lines ORDER BY rowid DESC LIMIT 20").fetchall()
        lines = [{"name": name, "text": text, "at": at} for name, text, at in reversed(rows)]
        return [{"type": "reply", "message": {"lines": lines}}]

    if event == "client-bye":
        return [{"type": "close", "code": 1000, "reason": "See you"}]

    if event == "session-disconnect":
        return [to_room({"type": "left", "name": name})]

    return [refusal("This backend knows the messages name, say and bye, and the request history.")]


def to_sender(message):
    """Without `match`, a command means the connection that caused the event."""
    return {"type": "send", "message": message}


def to_room(message):
    return {"type": "send", "match": {"room": ROOM}, "message": message}


def refusal(text):
    return to_sender({"type": "refused", "text": text})


def text_of(message, field, max_characters):
    """A field that a user has typed: a text of a sensible length without control characters, or None."""
    text = message.get(field)
    if not isinstance(text, str):
        return None
    text = text.strip()
    has_control_characters = any(unicodedata.category(character) == "Cc" for character in text)
    return text if 1 <= len(text) <= max_characters and not has_control_characters else None


def event_in(body):
    """The form fields `message` and `connection`, both JSON objects."""
    form = parse_qs(body.decode("utf-8"), max_num_fields=10)
    message, connection = (json.loads(form[field][0]) for field in ("message", "connection"))
    if not isinstance(message, dict) or not isinstance(connection, dict):
        raise ValueError("message and connection must be JSON objects")
    return message, connection


class EventHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Keeps the broker's connections open from one event to the next.
    disable_nagle_algorithm = True  # Head and body are two writes; the second must not wait.

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            return self.answer(413, {"error": "The event is too large."})
        body = self.rfile.read(length)
        if KEYS and not signature.is_signed(KEYS, self.headers, body):
            return self.answer(401, {"error": "The event is not signed with the secret, or not at this time."})
        try:
            message, connection = event_in(body)
        except (KeyError, ValueError) as error:
            return self.answer(400, {"error": "Expected message and connection: %r" % error})
        is_request = "wsbroker-request" in self.headers
        try:
            commands = once(
                self.headers.get("webhook-id"),
                lambda database: commands_for(database, message, connection, is_request),
            )
        except Exception:
            # After a 500 the broker sends the event again.
            traceback.print_exc()
            return self.answer(500, {"error": "The event could not be handled."})
        self.answer(200, commands)

    def answer(self, status, value):
        body = json.dumps(value).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # The broker's log shows the events already.


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8001
    # This machine only: whoever can POST here can pretend to be a user.
    server = ThreadingHTTPServer(("127.0.0.1", port), EventHandler)
    print("backend listening on http://127.0.0.1:%d/" % server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
