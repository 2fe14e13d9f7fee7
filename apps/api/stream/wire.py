"""A connection of uvicorn's that holds little for a slow reader, and that a stream can cut."""

import asyncio
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

from apps.api.stream.connection import BUFFER_BYTES

KERNEL_BYTES = 128 * 1024  # else the system holds megabytes for each reader that takes nothing


class Wire(H11Protocol):
    """The scope of its requests has `cut` among its state: closing would wait for a reader that takes nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.app_state = {**self.app_state, "cut": transport.abort}

    def data_received(self, data: bytes) -> None:
        """On an open stream nothing can be answered; waiting with it would hide that the caller has left."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
        else:
            super().data_received(data)
