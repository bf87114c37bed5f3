#!/usr/bin/env bash
# Bring up a Docker Engine and base images where there is no registry: for build machines, not for duty.
#
#   tests/compose/engine.sh DIR     DIR holds the engine's data, its socket and the base's root; it is made
#
# Prints the engine's DOCKER_HOST. Installs Debian's docker.io, docker-compose and debootstrap where they are missing
# (as root). One Debian root stands in for the three public images that compose.sh would pull: it holds Python, Redis
# and nginx. The machine's own certificate bundle goes into it, so that pip works inside as it does outside.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
image=keepclear-base:bookworm-2   # another number for other packages
say() { echo "engine: $*" >&2; }
# Tests may run beside it, with stores that wait for the same disk. The engine itself keeps its place: its containers inherit it.
behind() { nice -n 19 ionice -c 3 "$@"; }

missing=()
command -v dockerd >/dev/null || missing+=(docker.io)
command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || missing+=(docker-compose)
command -v debootstrap >/dev/null || missing+=(debootstrap)
if [ ${#missing[@]} != 0 ]; then
    say "installing ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y --no-install-recommends install "${missing[@]}" iptables >&2
fi

if ! docker info >/dev/null 2>&1; then
    export DOCKER_HOST="unix://$folder/docker.sock"
    if ! docker info >/dev/null 2>&1; then
        say "starting dockerd under $folder"
        setsid nohup dockerd --data-root "$folder/data" --exec-root "$folder/exec" \
            --pidfile "$folder/dockerd.pid" -H "$DOCKER_HOST" >"$folder/dockerd.log" 2>&1 </dev/null &
        for _ in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.3; done
        docker info >/dev/null
    fi
fi

if ! docker image inspect "$image" >/dev/null 2>&1; then
    root="$folder/root-2"
    if [ ! -e "$root/.complete" ]; then
        mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
            grep -v security | head -n 1 | tr -d ' ' || true)
        say "debootstrap into $root"
        rm -rf "$root"
        behind debootstrap --variant=minbase \
            --include=python3,python3-venv,python3-pip,ca-certificates,curl,redis-server,nginx-light,libnginx-mod-stream \
            bookworm "$root" "$mirror" >"$folder/debootstrap.log" 2>&1
        cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
        rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
        touch "$root/.complete"
    fi
    say "importing $image"
    behind tar -C "$root" -c . | docker import - "$image" >/dev/null
fi
echo "${DOCKER_HOST:-}"
