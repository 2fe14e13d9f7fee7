"""TLS to receivers: which certificates are accepted, and how much may be read."""

import ssl
from typing import TYPE_CHECKING

import certifi

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_READ = 64 * 1024  # bytes of an answer, its headers among them


class MeteredSocket(ssl.SSLSocket):
    """TLS of which no more than MOST_READ bytes can be read: what comes after is as if the far side had ended."""

    left = MOST_READ
    ended = False  # somebody has read to the end

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        room = min(nbytes or memoryview(buffer).nbytes, self.left)
        count = super().recv_into(buffer, room, flags) if room else 0
        self.left -= count
        self.ended = self.ended or not count
        return count


def tls_context(extra_authority: str = "") -> ssl.SSLContext:
    """What certificates are checked with: the usual authorities, and those in a PEM file, where one is named.

    One for all attempts: making it costs more than an attempt. OSError where the file is missing or holds none.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    if extra_authority:
        context.load_verify_locations(cafile=extra_authority)
    context.sslsocket_class = MeteredSocket
    context.set_alpn_protocols(["http/1.1"])
    return context
