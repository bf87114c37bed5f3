"""The stores that the tests run on are real, durable and empty."""

import redis


def test_store_is_durable_and_empty(store_url: str) -> None:
    with redis.Redis.from_url(store_url, decode_responses=True) as client:
        assert client.dbsize() == 0
        settings = client.config_get("append*", "maxmemory-policy")
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "always"
        assert settings["maxmemory-policy"] == "noeviction"
        client.set("left", "behind")


def test_store_is_emptied_between_tests(store_url: str) -> None:
    with redis.Redis.from_url(store_url) as client:
        assert client.get("left") is None
