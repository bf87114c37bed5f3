"""The program of one worker: ``python -m keepclear_service.process.worker``, started by the supervisor alone."""

import sys

from .app import create_app
from .server import main

if __name__ == "__main__":
    sys.exit(main(create_app))
