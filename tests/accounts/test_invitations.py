"""Invitations: sent by mail, opened by a token that is not kept, accepted once by whom they are for."""

import hashlib
import re
import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connections

from apps.accounts.invitations import (
    MOST_MAILS,
    MOST_OPEN,
    TWICE,
    InvitationRefused,
    accept_invitation,
    invite,
    masked,
    withdraw_invitation,
)
from apps.accounts.members import MOST_PEOPLE, MemberRefused
from apps.accounts.models import AuditEntry, Invitation, Organization
from apps.accounts.queries import invitation_of, waiting_for
from betedge.logs import strike_secrets
from tests.accounts.acting import NOW, by, logged
from tests.dashboard.people import person
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme")


def invited(organization: Organization, email: str = "new@example.com", role: str = "developer", now=NOW) -> Invitation:
    jane = person("jane@example.com", organization)
    return invite(organization=organization, email=email, role=role, by=by(jane), now=now)


def token_in(message) -> str:
    return re.search(r"/dashboard/invitations/(\S+)", message.body)[1]


def test_the_mail_says_who_invites_to_what_and_only_its_hash_is_kept(acme, settings) -> None:
    invitation = invited(acme, " New@Example.com ")
    [message] = mail.outbox
    assert message.to == ["new@example.com"]
    assert message.subject == "Join Acme on BetEdge"
    for part in ("jane@example.com", "Acme", "developer", settings.BETEDGE_PUBLIC_URL, "1 Jun 2026 09:00 UTC"):
        assert part in message.body
    token = token_in(message)
    assert len(token) == 43  # 32 bytes in URL-safe base64
    assert invitation.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert invitation_of(token) == invitation
    assert token not in str(Invitation.objects.values().get()) + str(AuditEntry.objects.values())


def test_no_log_line_carries_the_token(acme) -> None:
    invited(acme)
    token = token_in(mail.outbox[0])
    for path in (f"/dashboard/invitations/{token}", f"/accounts/login/?next=%2Fdashboard%2Finvitations%2F{token}"):
        assert token not in strike_secrets(None, "", {"event": f"Internal Server Error: {path}"})["event"]


def test_a_name_with_a_line_end_writes_no_header_of_the_mail(acme) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="Acme\r\nBcc: victim@example.com")
    invited(acme)
    assert mail.outbox[0].subject == "Join Acme Bcc: victim@example.com on BetEdge"
    assert mail.outbox[0].message()["Bcc"] is None


def test_text_in_a_mail_is_plain(acme) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="<b>Acme</b> & Sons")
    invited(acme)
    assert "<b>Acme</b> & Sons" in mail.outbox[0].body
    assert mail.outbox[0].content_subtype == "plain"


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "new@example.com\nBcc: x@example.com", f"{'x' * 250}@e.com"])
def test_what_is_no_address_is_refused(acme, email) -> None:
    with pytest.raises(InvitationRefused):
        invited(acme, email)
    assert not mail.outbox


@pytest.mark.parametrize("role", ["owner", "king", ""])
def test_nobody_is_invited_as_owner(acme, role) -> None:
    with pytest.raises(InvitationRefused, match="ownership is transferred"):
        invited(acme, role=role)


def test_inviting_again_renews_the_one_and_ends_its_old_link(acme) -> None:
    first = invited(acme)
    later = NOW + timedelta(days=8)
    again = invited(acme, "NEW@example.com", "viewer", now=later)
    old, new = map(token_in, mail.outbox)
    assert (first.pk, Invitation.objects.get().role) == (again.pk, "viewer")
    assert invitation_of(old) is None
    assert invitation_of(new).expires_at == later + timedelta(days=7)


def test_a_form_that_is_sent_twice_sends_one_mail_whose_link_opens(acme) -> None:
    first = invited(acme)
    assert invited(acme, now=NOW + TWICE / 2) == first
    assert invitation_of(token_in(*mail.outbox)) == first
    invited(acme, role="admin", now=NOW + TWICE / 2)
    assert len(mail.outbox) == 2, "another role is no repetition"


def test_a_member_is_not_invited(acme) -> None:
    with pytest.raises(InvitationRefused, match="is in Acme already"):
        invited(acme, "Jane@example.com")


def test_fifty_invitations_are_open_at_most_and_a_withdrawn_one_makes_room(acme) -> None:
    for number in range(MOST_OPEN):
        last = invited(acme, f"{number}@example.com")
    with pytest.raises(InvitationRefused, match="50 invitations are open"):
        invited(acme)
    invited(acme, "0@example.com")
    jane = person("jane@example.com", acme)
    withdraw_invitation(organization=acme, invitation_id=last.pk, by=by(jane), now=NOW)
    invited(acme)


def test_a_hundred_mails_a_day_are_sent_at_most(acme) -> None:
    for number in range(MOST_MAILS):
        invited(acme, now=NOW + number * TWICE)
    with pytest.raises(InvitationRefused, match="go on tomorrow"):
        invited(acme, now=NOW + MOST_MAILS * TWICE)
    assert len(mail.outbox) == MOST_MAILS
    invited(acme, now=NOW + timedelta(days=1, seconds=1))


def test_a_full_organisation_invites_nobody(acme) -> None:
    for number in range(MOST_PEOPLE - 1):
        person(f"{number}@example.com", acme, "viewer")
    with pytest.raises(MemberRefused, match="100 people"):
        invited(acme)


def test_whoever_it_is_for_joins_with_its_role_once(acme) -> None:
    invitation, new = invited(acme, role="viewer"), person("new@example.com")
    assert list(waiting_for(new, now=NOW)) == [invitation]
    for _ in range(2):
        member = accept_invitation(invitation_id=invitation.pk, user=new, by=by(new), now=NOW)
    assert member.role == "viewer"
    assert not waiting_for(new, now=NOW)
    assert logged(acme)[1:] == [("member.joined", "new@example.com")]


def test_nobody_else_takes_the_place(acme) -> None:
    invitation, other = invited(acme), person("other@example.com")
    EmailAddress.objects.create(user=other, email="new@example.com", verified=False)
    with pytest.raises(InvitationRefused, match=r"n…@example\.com"):
        accept_invitation(invitation_id=invitation.pk, user=other, by=by(other), now=NOW)
    assert not waiting_for(other, now=NOW)


def test_an_accepted_invitation_does_not_bring_back_who_was_removed(acme) -> None:
    invitation, new = invited(acme), person("new@example.com")
    accept_invitation(invitation_id=invitation.pk, user=new, by=by(new), now=NOW).delete()
    with pytest.raises(InvitationRefused, match="opens once"):
        accept_invitation(invitation_id=invitation.pk, user=new, by=by(new), now=NOW)


def test_who_is_in_already_keeps_their_role(acme) -> None:
    invitation = invited(acme, role="viewer")
    new = person("new@example.com", acme, "admin")
    assert accept_invitation(invitation_id=invitation.pk, user=new, by=by(new), now=NOW).role == "admin"


def test_withdrawn_and_expired_ones_open_nothing(acme) -> None:
    jane, new, old = person("jane@example.com", acme), person("new@example.com"), person("old@example.com")
    withdrawn, expired = invited(acme), invited(acme, "old@example.com")
    withdraw_invitation(organization=acme, invitation_id=withdrawn.pk, by=by(jane), now=NOW)
    with pytest.raises(InvitationRefused, match="withdrawn"):
        accept_invitation(invitation_id=withdrawn.pk, user=new, by=by(new), now=NOW)
    with pytest.raises(InvitationRefused, match="expired"):
        accept_invitation(invitation_id=expired.pk, user=old, by=by(old), now=NOW + timedelta(days=7))
    with pytest.raises(InvitationRefused, match="not open any more"):
        withdraw_invitation(organization=acme, invitation_id=withdrawn.pk, by=by(jane), now=NOW)


def test_another_organisations_invitation_is_not_withdrawn(acme) -> None:
    theirs = Invitation.objects.create(
        organization=OrganizationFactory(), email="new@example.com", role="viewer", token_hash="x", created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )  # fmt: skip
    jane = person("jane@example.com", acme)
    with pytest.raises(InvitationRefused):
        withdraw_invitation(organization=acme, invitation_id=theirs.pk, by=by(jane), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_accepting_twice_at_once_joins_once(acme) -> None:
    invitation, new = invited(acme), person("new@example.com")
    together = threading.Barrier(2)

    def accept() -> None:
        together.wait()
        accept_invitation(invitation_id=invitation.pk, user=new, by=by(new), now=NOW)
        connections.close_all()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert acme.memberships.filter(user=new).count() == 1
    assert logged(acme)[1:] == [("member.joined", "new@example.com")]


@pytest.mark.parametrize(("email", "shown"), [("anna@example.com", "a…@example.com"), ("a@b.com", "a…@b.com")])
def test_an_address_is_masked_for_others(email, shown) -> None:
    assert masked(email) == shown
