"""A store that does not show its settings could be set in any way; one that is not there yet is something else."""

import asyncio
from typing import Any, cast

import pytest
import redis.exceptions as errors
from keepclear_protocol.errors import Unavailable
from keepclear_service.store.connect import check_durability
from redis.asyncio import Redis

DURABLE = {
    "appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no", "maxmemory-policy": "noeviction",
}  # fmt: skip


class Shows:
    """Of a client what the check asks of it: a good store that answers ``CONFIG GET`` with this."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def info(self, *_: str) -> dict[str, Any]:
        return {"redis_version": "7.2.4", "role": "master"}

    async def config_get(self, *_: str) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def refused(answer: Any) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        asyncio.run(check_durability(cast("Redis", Shows(answer))))
    return caught.value


def test_a_store_that_shows_good_settings_is_taken() -> None:
    asyncio.run(check_durability(cast("Redis", Shows(DURABLE))))


@pytest.mark.parametrize(
    "answer",
    [
        errors.ResponseError("unknown command 'CONFIG', with args beginning with: 'get' 'appendonly'"),
        errors.ResponseError("ERR unknown command `config`"), errors.ResponseError("This feature is disabled"),
        errors.NoPermissionError("this user has no permissions"), errors.ResponseError(""), {}, [], None,
    ],
    ids=str,
)  # fmt: skip
def test_a_store_that_shows_none_is_unsafe_and_says_what_may_be_done(answer: Any) -> None:
    error = refused(answer)
    assert error.code == "store_unsafe" and "does not show its settings" in error.detail
    assert "+config|get" in error.hint and "--volatile" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        errors.BusyLoadingError("LOADING"), errors.MovedError("1 127.0.0.1:1"), errors.AskError("1 127.0.0.1:1"),
        errors.ClusterDownError("CLUSTERDOWN"), errors.MasterDownError("MASTERDOWN"), errors.TryAgainError("TRYAGAIN"),
        errors.AuthenticationError("WRONGPASS"), errors.ConnectionError("refused"), errors.TimeoutError("late"),
    ],
    ids=str,
)  # fmt: skip
def test_a_store_that_is_not_there_yet_is_unavailable(answer: Exception) -> None:
    assert refused(answer).code == "store_unavailable"


@pytest.mark.parametrize("name", DURABLE)
def test_one_setting_that_is_left_out_is_not_taken_for_good(name: str) -> None:
    error = refused({key: value for key, value in DURABLE.items() if key != name})
    assert error.code == "store_unsafe" and name in error.detail
