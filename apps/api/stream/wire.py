"""A connection of uvicorn's that holds little for a slow reader, and that a stream can cut."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from apps.api.stream.connection import BUFFER_BYTES


class Wire(H11Protocol):
    """The scope of its requests has `cut` among its state: closing would wait for a reader that takes nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self.app_state = {**self.app_state, "cut": transport.abort}
