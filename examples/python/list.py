"""Who is here: asks the broker for its connections, by a POST to its WebSocket port.

Run it with the broker's port: python3 list.py 31002
"""

import json
import sys
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import signature

# The broker refuses commands that come through a proxy.
opener = build_opener(ProxyHandler({}))


def broker_commands(port, commands):
    """Sends commands to the broker, and returns their results in the same order.

    The broker takes them only from addresses that its `--allow` names.
    """
    form = urlencode({"data": json.dumps(commands)}).encode("ascii")
    request = Request("http://127.0.0.1:%d/" % port, form, signature.signed_headers(signature.keys(), form))
    with opener.open(request, timeout=10) as response:
        return json.load(response)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 31002
    try:
        (connections,) = broker_commands(
            port, [{"type": "list", "match": {"room": "lobby"}, "fields": ["name"]}]
        )
    except HTTPError as error:
        sys.exit("The broker refused: %s" % error.read().decode("utf-8", "replace"))
    except URLError as error:
        sys.exit("The broker cannot be reached: %s" % error.reason)
    for connection in connections:
        print(connection["name"])
