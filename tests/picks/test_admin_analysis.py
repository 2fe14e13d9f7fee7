"""The analysis beside its preview: as customers read it, with every number that the pick does not know named."""

from decimal import Decimal

import pytest
from django.test import Client

from apps.picks.admin.numbers import strange_numbers
from tests.factories import FixtureFactory, PickFactory
from tests.feed.test_admin import viewer
from tests.picks.scenes import proposed
from tests.picks.test_admin_pick import browser_of, page_of
from tests.picks.test_admin_queue import text, waiting

pytestmark = pytest.mark.django_db


def preview(client: Client, pick, said: str):
    return client.post(f"/admin/picks/pick/{pick.pk}/preview/", {"text": said})


@pytest.mark.parametrize(
    ("said", "strange"),
    [
        ("1.91 is offered, fair 1.833 or 1.83, an edge of 4.2 %, 4.20 %, 54.55 %.", []),
        ("Odds of 1,91 with a comma, 40 s old, confidence 3 of 5.", ["5"]),
        ("They won 7 of 8 at 2.35.", ["7", "8", "2.35"]),
        ("Arsenal -0.5 Asian Handicap kicks off at 15:00 on 25 May 2026.", []),
        ("2 is not what 1.91 is rounded to; 2 again.", ["2"]),
        ("No number at all, v2 and 3rd neither.", []),
        ("", []),
    ],
)
def test_a_number_that_is_not_the_picks_own_is_named_once(said, strange):
    assert strange_numbers(said, PickFactory()) == strange


def test_the_built_in_writer_tells_only_what_is_stored():
    pick = proposed()
    assert strange_numbers(pick.analysis, pick) == []


def test_digits_of_a_name_are_no_numbers():
    pick = PickFactory(fixture=FixtureFactory(home_team="Schalke 04"), selection="Schalke 04 to win", line=Decimal("0"))
    assert strange_numbers("Schalke 04 to win: Schalke 04 are strong.", pick) == []


def test_the_preview_is_paragraphs_and_names_strange_numbers():
    answer = preview(browser_of("ann"), waiting(), "First 1.91.\r\n\r\nSecond 9.99\nline.")
    html = answer.content.decode()
    assert "<p>First 1.91.</p>" in html
    assert "<p>Second 9.99<br>line.</p>" in html
    assert "Check this number: 9.99 is not among the pick&#x27;s own." in text(answer).replace("'", "&#x27;")
    assert "<html" not in html


def test_what_is_typed_is_never_markup_in_the_preview():
    html = preview(
        browser_of("ann"), waiting(), '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    ).content.decode()
    assert "<script" not in html
    assert "<img" not in html


def test_an_empty_or_endless_text_is_a_sentence():
    assert "A pick needs an analysis text" in text(preview(browser_of("ann"), waiting(), " "))
    assert "at most 20000" in text(preview(browser_of("bob"), waiting(), "x" * 20_001))


def test_only_who_may_change_picks_has_a_preview_and_only_by_post():
    pick = waiting()
    assert preview(viewer("view_pick"), pick, "x").status_code == 403
    assert browser_of("ann").get(f"/admin/picks/pick/{pick.pk}/preview/").status_code == 405
    assert Client().post(f"/admin/picks/pick/{pick.pk}/preview/").status_code == 302


def test_the_text_area_stands_beside_its_preview_and_works_without_a_script():
    pick = waiting(analysis="Won 7 of 8.")
    page = browser_of("ann").get(page_of(pick))
    html = page.content.decode()
    form = html[html.index('data-key="e"') :]
    assert '<textarea name="text"' in form[: form.index("</form>")]
    assert "<p>Won 7 of 8.</p>" in form[: form.index("</form>")]
    assert "7 · 8 are not among" in text(page)
