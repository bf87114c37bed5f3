"""``deploy/pin-images``: what it writes down is a digest that the registry served, or nothing."""

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "deploy" / "pin-images"
DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize("served", ["{name}@" + DIGEST, "<no value>"])
def test_each_image_is_said_by_the_digest_that_was_served_or_not_at_all(tmp_path: Path, served: str) -> None:
    docker = tmp_path / "docker"
    said = served.format(name="${3%%:*}")
    docker.write_text(f'#!/bin/sh\n[ "$1" = pull ] && exit 0\nset -- "$1" "$2" "$5"\necho "{said}"\n')
    docker.chmod(0o755)
    environment = {**os.environ, "DOCKER": str(docker), "PROXY_IMAGE": f"mine/nginx@{DIGEST}"}
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=False)
    if "@" in served:
        assert (done.returncode, done.stdout.splitlines()) == (
            0,
            [f"KEEPCLEAR_BASE=python@{DIGEST}", f"REDIS_IMAGE=redis@{DIGEST}", f"PROXY_IMAGE=mine/nginx@{DIGEST}"],
        )
    else:
        assert done.returncode == 1 and done.stdout == "" and "has no digest here" in done.stderr
