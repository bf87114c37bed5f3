"""Connections to the store that send otherwise than redis-py's own do."""

import asyncio
from typing import Any

import hiredis
import redis.exceptions
from redis.asyncio import Connection, SSLConnection, UnixDomainSocketConnection


class _Sending:
    """How a connection of ours sends."""

    def pack_command(self, *words: Any) -> list[bytes]:
        """Return a command as it is sent; its name may be two words, such as ``CONFIG GET``.

        hiredis puts it together: in Python that was a tenth of what a submit costs a worker.
        """
        return [hiredis.pack_command((*words[0].split(), *words[1:]))]

    async def send_packed_command(self: Any, command: Any, check_health: bool = True) -> None:
        """Send within the timeout, and be cancelled wherever that happens.

        redis-py sends by ``asyncio.wait_for``, which before Python 3.12 forgets a cancellation that comes when all is
        sent: a store's keeper then did not end when told to, and a time limit around a call was none.
        """
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        if check_health:
            await self.check_health()
        try:
            async with asyncio.timeout(self.socket_timeout):
                await self._send_packed_command(command)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise redis.exceptions.TimeoutError("timeout writing to the socket") from None
        except OSError as error:
            await self.disconnect(nowait=True)
            raise redis.exceptions.ConnectionError(f"error writing to the socket: {error}") from error
        except BaseException:
            await self.disconnect(nowait=True)  # half a command may be on its way
            raise


class _Tcp(_Sending, Connection):
    """A connection by TCP."""


class _Tls(_Sending, SSLConnection):
    """A connection by TLS."""


class _Unix(_Sending, UnixDomainSocketConnection):
    """A connection by a socket of this machine."""


OURS: dict[type[Any], type[Any]] = {Connection: _Tcp, SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}
"""Our connection for each of redis-py's."""
