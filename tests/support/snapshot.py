"""The store as it is, key by key: what a refusal must leave unchanged."""

import time

import redis

from support.patience import PATIENCE_S

PROOF, CANARY = b":proof:", b":canary:"
EVIDENCE = b":evidence:"

_DIGESTS = """
local how = {
    string = {'GET'}, hash = {'HGETALL'}, set = {'SMEMBERS'}, zset = {'ZRANGE', '0', '-1', 'WITHSCORES'},
    stream = {'XRANGE', '-', '+'},
}
local told = {}
for _, name in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', name).ok
    local words = how[kind] or {'TYPE'}
    local value = redis.call(words[1], name, unpack(words, 2))
    if kind == 'hash' then
        local pairs_ = {}
        local spent = string.find(name, ':spent:', 1, true)
        for at = 1, #value, 2 do
            if not (spent and (value[at] == 'pairs' or string.find(value[at], '^alerts:'))) then
                pairs_[#pairs_ + 1] = #value[at] .. ':' .. value[at] .. value[at + 1]
            end
        end
        value = pairs_
    end
    if kind == 'hash' or kind == 'set' then table.sort(value) end
    told[#told + 1] = name
    told[#told + 1] = redis.sha1hex(cjson.encode({kind, value}))
end
return told
"""
"""Every key with a digest of its value, read as its type is: by value, since a store may serialise the same value
otherwise after it loaded its log. One script: the whole hostile table is held against it twice a case. What a notice's
matching costs its party is charged with a later turn, so these two of what is spent are left out."""


def snapshot(url: str, *, without: tuple[bytes, ...] = (PROOF, CANARY)) -> dict[bytes, str]:
    """Return every key with a digest of its value, but for keys that contain one of ``without``."""
    with redis.Redis.from_url(url, socket_timeout=PATIENCE_S) as client:
        told = client.eval(_DIGESTS, 0)
    found = zip(told[::2], told[1::2], strict=True)
    return {name: digest.decode() for name, digest in found if not any(part in name for part in without)}


def difference(before: dict[bytes, str], after: dict[bytes, str]) -> list[bytes]:
    """Return the names of keys that came, went or changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def settle(url: str, within_s: float = PATIENCE_S) -> None:
    """Wait until every entry of every line is matched: the workers have nothing left to write by themselves."""
    deadline = time.monotonic() + within_s
    with redis.Redis.from_url(url, socket_timeout=PATIENCE_S) as client:
        while True:
            waiting = {name: client.zcard(name) for name in client.keys("kc:*:unmatched")}
            if not any(waiting.values()):
                return
            assert time.monotonic() < deadline, f"still unmatched: {waiting}"
            time.sleep(0.05)


def wait_for_field(url: str, key: str, field: str, within_s: float = PATIENCE_S) -> None:
    """Wait until a hash of the store has a field."""
    deadline = time.monotonic() + within_s
    with redis.Redis.from_url(url, socket_timeout=PATIENCE_S) as client:
        while not client.hexists(key, field):
            assert time.monotonic() < deadline, f"{key} has no {field}"
            time.sleep(0.05)
