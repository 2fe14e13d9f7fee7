"""Reading a URL: what is refused, with which word, and which URLs are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks.urls import RULES, InvalidUrl, read_url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "scheme"),
        ("   ", "character"),
        ("http://example.com/", "scheme"),
        ("https:/example.com", "scheme"),
        ("https://example.com/" + "a" * 2_029, "too_long"),
        ("https://example.com/a b", "character"),
        ("https://example.com/\x00", "character"),
        ("https://example.com/\x7f", "character"),
        ("https://example.com/é", "character"),
        ("https://127.0.0.1\\@example.com/", "character"),
        ("https://example.com/#", "fragment"),
        ("https://a@example.com/", "user_info"),
        ("https://@example.com/", "user_info"),
        ("https://example.com:/", "port"),
        ("https://example.com:0443/", "port"),
        ("https://example.com:80/", "port"),
        ("https://", "host"),
        ("https://:443/", "host"),
        ("https://.", "host"),
        ("https://example.com../", "host"),
        ("https://[::1", "host"),
        ("https://[::1]x/", "host"),
        ("https://[]/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://example.0x/", "host"),
        ("https://example.1/", "host"),
        ("https://xn--a/", "host"),
        ("https://xn--bcher-kva-.example/", "host"),
        ("https://" + "a" * 64 + ".com/", "host"),
    ],
)
def test_a_url_that_breaks_a_rule_names_it(url: str, reason: str) -> None:
    with pytest.raises(InvalidUrl) as refused:
        read_url(url)
    assert refused.value.reason == reason
    assert refused.value.extra == {"reason": reason}
    assert str(refused.value) == RULES[reason]


def test_the_longest_url_is_read() -> None:
    url = "https://example.com/" + "a" * 2_028
    assert len(url) == 2_048
    assert read_url(url).path == "/" + "a" * 2_028


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("https://EXAMPLE.com", "https://example.com/"),
        ("HTTPS://example.com:443/", "https://example.com/"),
        ("https://example.com./", "https://example.com/"),
        ("https://example.com:8443", "https://example.com:8443/"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("https://example.com/Hook?A=B", "https://example.com/Hook?A=B"),
        ("https://example.com/?x=@127.0.0.1:80//", "https://example.com/?x=@127.0.0.1:80//"),
        ("https://example.com/a?b=c/d?e", "https://example.com/a?b=c/d?e"),
        ("https://[2606:4700:4700:0:0:0:0:1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://[2606:4700:4700::1111]:8443", "https://[2606:4700:4700::1111]:8443/"),
        ("https://[::ffff:8.8.8.8]/", "https://8.8.8.8/"),
        ("https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_urls_that_lead_to_the_same_place_are_equal(url: str, normalised: str) -> None:
    assert read_url(url).normalised == normalised
    assert read_url(normalised).normalised == normalised


def test_urls_that_differ_in_path_or_port_are_not_equal() -> None:
    urls = [
        "https://a.example/",
        "https://a.example/A",
        "https://a.example/a",
        "https://a.example:8443/",
        "https://a.example/?",
    ]
    assert len({read_url(url).normalised for url in urls}) == len(urls)


PIECES = st.sampled_from(
    [
        "https://",
        "example.com",
        "127.0.0.1",
        "[::1]",
        ":",
        "443",
        "@",
        "\\",
        "/",
        "?",
        "#",
        "%00",
        ".",
        "xn--",
        "é",
        "\t",
        "0x7f",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join), st.text().map("https://{}".format)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else is ever raised; whatever was read is ASCII, and reading its normalised form changes nothing."""
    try:
        target = read_url(text)
    except InvalidUrl:
        return
    assert target.normalised.isascii()
    assert read_url(target.normalised) == target
