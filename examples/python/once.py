"""The chat's database, and events that come again."""

import json
import os
import sqlite3
import time
from contextlib import closing

DATABASE = os.environ.get("CHAT_DATABASE") or os.path.join(os.path.dirname(__file__), "chat.sqlite")
KEEP_EVENTS_SECONDS = 25 * 60 * 60  # A broker with a journal tries an event for a day.


def once(event_id, handle):
    """Handles an event, or gives the commands of the first time if it has come before.

    The broker sends an event again, with the same id, when it did not get the answer. The id, the
    commands and all that `handle` writes to its database are committed as one: after a crash there is
    all of it, or nothing.
    """
    with closing(connect()) as database:
        # Immediate: a second request with the same id waits here until the first is done.
        database.execute("BEGIN IMMEDIATE")
        # Commits at the end of the block, and rolls back if it fails.
        with database:
            known = database.execute("SELECT commands FROM events WHERE id = ?", (event_id,)).fetchone()
            if known is not None:
                return json.loads(known[0])
            commands = handle(database)
            if event_id is not None:  # An old broker sends none.
                now = int(time.time())
                database.execute("INSERT INTO events VALUES (?, ?, ?)", (event_id, json.dumps(commands), now))
                database.execute("DELETE FROM events WHERE at < ?", (now - KEEP_EVENTS_SECONDS,))
            return commands


def connect():
    # Transactions begin where `once` says so; it waits up to 10 seconds while another one writes.
    database = sqlite3.connect(DATABASE, timeout=10, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, commands TEXT, at INTEGER)")
    database.execute("CREATE INDEX IF NOT EXISTS events_at ON events (at)")
    database.execute("CREATE TABLE IF NOT EXISTS lines (name TEXT, text TEXT, at INTEGER)")
    return database
