"""Mail on this machine is shown where `make run` was called, each link on a line of its own."""

from datetime import UTC, datetime
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

from apps.devtools.stack.letters import Letters, block

NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)


def send(folder: Path, *texts: str, subject: str = "Confirm your address – now") -> None:
    EmailBackend(file_path=str(folder)).send_messages(
        [EmailMessage(subject, text, "us@example.com", ["ann@example.com"]) for text in texts]
    )


def shown(letters: Letters) -> list[str]:
    return [block(message, NOW) for message in letters.new()]


def test_each_new_mail_is_a_block_with_its_links_and_told_once(tmp_path: Path) -> None:
    send(tmp_path, "of an earlier run http://old.test/")
    letters = Letters(tmp_path)
    send(tmp_path, f"Öffnen: http://127.0.0.1:8000/a/{'x' * 100}/\nand https://b.test/.", "nothing to open")
    assert shown(letters) == [
        "09:00:00 UTC  mail       to ann@example.com: Confirm your address – now\n"
        f"  http://127.0.0.1:8000/a/{'x' * 100}/\n  https://b.test/.",
        "09:00:00 UTC  mail       to ann@example.com: Confirm your address – now",
    ]
    assert shown(letters) == []


def test_a_mail_half_written_is_told_when_it_is_whole(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    send(tmp_path, "http://one.test/")
    (file,) = tmp_path.glob("*.log")
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert shown(letters) == []
    file.write_bytes(whole)
    assert len(shown(letters)) == 1


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert shown(Letters(tmp_path / "mail")) == []


def test_a_terminal_gets_no_commands(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    send(tmp_path, "http://one.test/\x1b[2J")
    assert "\x1b" not in shown(letters)[0]
