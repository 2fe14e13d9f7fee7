"""What was mailed on this machine: each new message of a folder, told so that its links can be clicked. No Django."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

END = b"\n" + b"-" * 79 + b"\n"  # after each message, as Django's file backend writes it
LINK = re.compile(r"https?://\S+")


class Letters:
    """The messages that come into a folder from now on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = {path: path.stat().st_size for path in self._files()}

    def new(self) -> Iterator[EmailMessage]:
        """Those that have come since, whole ones only; OSError where the folder cannot be read."""
        for path in self._files():
            unread = path.read_bytes()[self._read.get(path, 0) :]
            *whole, _begun = unread.split(END)
            for message in whole:
                self._read[path] = self._read.get(path, 0) + len(message) + len(END)
                yield message_from_bytes(message, policy=policy.default)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.log"))


def block(message: EmailMessage, now: datetime) -> str:
    """To whom, about what, and each link on a line of its own; nothing that a terminal would take for a command."""
    text = message.get_content() if message.get_content_maintype() == "text" else ""
    lines = [f"{now:%H:%M:%S} UTC  mail       to {message['to']}: {message['subject']}", *LINK.findall(text)]
    return "\n  ".join("".join(letter for letter in line if letter.isprintable()) for line in lines)
