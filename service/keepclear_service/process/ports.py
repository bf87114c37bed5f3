"""Ports as they are now: whether one can be had, and whether a service of ours answers there. Asks, changes nothing."""

import json
import socket
import urllib.error
import urllib.request

from .asking import ANYWHERE

ANSWERS_WITHIN_S = 10.0
"""Seconds that whoever is at a port has to say who it is: an operator's address may wait five for its store."""

_DOORS = {"the parties": ("/readyz", "checks"), "the operator": ("/status", "wrong")}
"""What is asked for at a service's two addresses, and a member that its answer has."""


def fault_of(host: str, port: int) -> str:
    """Return why an address cannot be had, "" where it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def who_is_there(host: str, port: int) -> str:
    """Return for whom a service answers at an address, "the parties" or "the operator"; "" where it is no service's."""
    host = ANYWHERE.get(host, host)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for whose, (path, member) in _DOORS.items():
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
        try:
            with opener.open(url, timeout=ANSWERS_WITHIN_S) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:  # a service that is not ready says so by 503, and who it is
                try:
                    said = json.load(error)
                except (OSError, ValueError):
                    continue
        except (OSError, ValueError):
            continue
        if isinstance(said, dict) and member in said:
            return whose
    return ""
