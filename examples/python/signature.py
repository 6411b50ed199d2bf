"""Signatures of Standard Webhooks (https://www.standardwebhooks.com), by which this application and the
broker know each other. Both have the same secret in WSBROKER_SECRET; without one nothing is signed.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import time

MAX_CLOCK_SKEW_SECONDS = 300


def keys():
    """The keys of the secret, or of two with a comma between them while one takes over from the other."""
    given = os.environ.get("WSBROKER_SECRET")
    return [] if given is None else [key_of(secret.strip()) for secret in given.split(",")]


def key_of(secret):
    try:
        key = base64.b64decode(secret[len("whsec_") :], validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or len(key) < 24:
        raise SystemExit('WSBROKER_SECRET is not usable: expected "whsec_" and 24 or more bytes in base64.')
    return key


def signature(key, request_id, timestamp, body):
    signed = ("%s.%s." % (request_id, timestamp)).encode("utf-8") + body
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def is_signed(keys, headers, body):
    """Whether a request is signed. `body` is its body as it came, in bytes."""
    request_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[!-\-/-~]+ [0-9]{1,12}", "%s %s" % (request_id, timestamp)):
        return False
    if abs(int(time.time()) - int(timestamp)) > MAX_CLOCK_SKEW_SECONDS:
        return False
    given = headers.get("webhook-signature", "").encode("utf-8").split(b" ", 15)
    expected = [signature(key, request_id, timestamp, body) for key in keys]
    return any(hmac.compare_digest(one, other) for one in expected for other in given)


def signed_headers(keys, body):
    """What a POST to the broker is signed with. The broker takes each id once."""
    if not keys:
        return {}
    request_id, timestamp = secrets.token_hex(16), str(int(time.time()))
    signatures = [signature(key, request_id, timestamp, body).decode("ascii") for key in keys]
    return {
        "webhook-id": request_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }
