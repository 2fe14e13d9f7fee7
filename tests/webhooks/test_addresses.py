"""Which addresses are public, held against what the standard library knows and where it is wrong."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks.addresses import CLOSED_IPV4, CLOSED_IPV6, is_public, read_address

PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "223.255.255.255"]
PUBLIC += ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2001:200::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_ones(address: str) -> None:
    assert is_public(read_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "192.88.99.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fec0::1",
        "168.63.129.16",
        "224.0.0.1",
        "3fff::1",
        "5f00::1",
        "2002::1",
    ],
)
def test_closed_ones_that_the_standard_library_calls_global_or_once_did(address: str) -> None:
    assert not is_public(read_address(address))


@pytest.mark.parametrize("network", [*CLOSED_IPV4, *CLOSED_IPV6], ids=str)
def test_closed_networks_are_closed_from_the_first_address_to_the_last(network: ip_network) -> None:  # type: ignore[valid-type]
    assert not is_public(network[0])  # type: ignore[index]
    assert not is_public(network[-1])  # type: ignore[index]


def test_an_address_with_a_scope_is_read_and_closed() -> None:
    assert not is_public(read_address("fe80::1%lo"))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_whatever_the_standard_library_calls_private_is_closed_ipv4(address: IPv4Address) -> None:
    assert address.is_global or not is_public(address)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_whatever_the_standard_library_calls_private_is_closed_ipv6(address: IPv6Address) -> None:
    assert address.is_global or not is_public(read_address(str(address)))
