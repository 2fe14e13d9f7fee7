"""The watchdog: sockets are shut at their deadlines, and left alone before."""

import socket
import threading
import time

from apps.webhooks.watchdog import Watchdog


def test_a_socket_is_shut_when_its_time_is_up() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog().watching(near, time.monotonic() + 0.05) as watch:
        assert near.recv(1) == b""
        assert watch.fired


def test_a_time_that_is_already_up_shuts_at_once() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog().watching(near, time.monotonic() - 1) as watch:
        assert near.recv(1) == b""
        assert watch.fired


def test_an_earlier_deadline_that_comes_later_is_kept_too() -> None:
    dog = Watchdog()
    (patient, _a), (hasty, _b) = socket.socketpair(), socket.socketpair()
    with dog.watching(patient, time.monotonic() + 3600) as long, dog.watching(hasty, time.monotonic() + 0.05) as short:
        assert hasty.recv(1) == b""
        assert (long.fired, short.fired) == (False, True)
        patient.send(b"still open")


def test_a_socket_whose_block_has_ended_is_left_alone() -> None:
    dog = Watchdog()
    near, far = socket.socketpair()
    other, _far = socket.socketpair()
    with dog.watching(near, time.monotonic() + 0.05) as over:
        pass
    with dog.watching(other, time.monotonic() + 0.1):
        assert other.recv(1) == b""  # by then the first deadline has passed
    far.send(b"x")
    assert near.recv(1) == b"x"
    assert not over.fired


def test_one_thread_watches_any_number_and_remembers_none_that_are_over() -> None:
    dog = Watchdog()
    pairs = [socket.socketpair() for _ in range(50)]
    before = threading.active_count()
    until = time.monotonic() + 0.2
    for near, _far in pairs:
        for _ in range(20):
            with dog.watching(near, until):
                pass
    assert threading.active_count() == before + 1
    with dog.watching(pairs[0][0], until):
        assert pairs[0][0].recv(1) == b""
    assert dog._due == []
    for near, far in pairs:
        near.close()
        far.close()
