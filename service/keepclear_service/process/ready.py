"""``python -m keepclear_service.process.ready``: exit 0 if the service here is ready, for a container's health check.

Asks ``/readyz``, which goes through the store and the rules, not the port alone. Standard library only: it starts
every few seconds.
"""

import os
import sys
import urllib.error
import urllib.request

WITHIN_S = 3.0


def main() -> int:
    """Ask the service on this host's loopback; print what it says; return 0 if ready, else 1."""
    url = f"http://127.0.0.1:{int(os.environ.get('KEEPCLEAR_PORT', '8700'))}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:
            sys.stdout.write(answer.read().decode() + "\n")
            return 0
    except urllib.error.HTTPError as error:
        sys.stdout.write(error.read().decode() + "\n")
    except OSError as error:
        sys.stdout.write(f"{error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
