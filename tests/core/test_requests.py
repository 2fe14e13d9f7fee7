"""Where a request comes from, whatever the headers say."""

import pytest
from django.test import RequestFactory

from apps.core.requests import address_of


@pytest.mark.parametrize(
    ("forwarded", "told"),
    [
        ("203.0.113.7, 192.0.2.1", "192.0.2.1"),
        ("junk, 2001:DB8::1", "2001:db8::1"),
        ("192.0.2.1, junk", ""),
        ("192.0.2.1:4711", ""),
        ("fe80::1%eth0", ""),
        ("<script>alert(1)</script>", ""),
        (" , ", "127.0.0.1"),
    ],
)
def test_an_address_is_one_or_none(forwarded: str, told: str) -> None:
    assert address_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)) == told


def test_a_socket_without_an_address_has_none() -> None:
    assert address_of(RequestFactory().get("/", REMOTE_ADDR="")) == ""
