"""Who may do what in the store: the ACL file of Redis 7.0 or later, or of Valkey.

``default`` is off: nobody can log in as it. It keeps all rights nevertheless, since a store replays its own log as
``default``, and leaves out, at every start, each transaction that ``default`` may not run, with no more than a line in
its log (redis/redis#14541, valkey-io/valkey#3983). Seen with Redis 7.0.15: without rights, all notices were gone after
a restart. ``service`` may run the service's scripts with the commands that they use, on the keys ``kc:*`` and the
channel ``keepclear``, and read the store's settings. ``backup`` may follow as a replica does. ``health`` may say PING,
so that a health check needs no secret.
"""

SERVICE_COMMANDS = (
    # The connection, and what is checked before a receipt is given.
    "ping info config|get evalsha script|load subscribe unsubscribe publish time "
    # What the scripts and line.py do; tests hold this against their text.
    "get hdel hexists hget hincrby hkeys hmget hscan hset hsetnx mget persist pexpireat sadd set sismember "
    "xadd xdel xrange zadd zcount zrange zrangebylex zrangebyscore zrank zrem zscore"
).split()

BACKUP_COMMANDS = ("ping", "info", "replconf", "psync", "sync")


def acl_file(service_sha256: str, backup_sha256: str) -> str:
    """Return the file's text; the passwords stand in it as hex SHA-256 alone."""
    service = " ".join(f"+{command}" for command in SERVICE_COMMANDS)
    backup = " ".join(f"+{command}" for command in BACKUP_COMMANDS)
    return (
        "user default reset off ~* &* +@all\n"
        f"user service reset on #{service_sha256} ~kc:* &keepclear {service}\n"
        f"user backup reset on #{backup_sha256} {backup}\n"
        "user health reset on nopass +ping\n"
    )
