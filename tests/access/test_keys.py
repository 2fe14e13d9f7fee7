"""Keys: how they look, that only a hash is kept, how many an organisation may hold, and how they end."""

import hashlib
import re
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from apps.access.keys import digits_in, hash_secret, new_secret, secret_in
from apps.access.models import ApiKey
from apps.access.queries import working_key
from apps.access.services import KeyLimitReached, create_key, revoke_key
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from tests.factories import ApiKeyFactory, OrganizationFactory


def test_a_secret_is_the_prefix_and_64_digits_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(re.fullmatch("betedge_[0-9a-f]{64}", secret) for secret in secrets)


def test_a_hash_is_sha256_of_the_whole_secret() -> None:
    secret = new_secret()
    assert hash_secret(secret) == hashlib.sha256(secret.encode()).hexdigest()


def test_a_header_is_read_only_if_it_is_one_well_formed_key() -> None:
    secret = new_secret()
    assert secret_in(f"beaREr   {secret}") == secret
    for bad in ("", secret, f"Bearer{secret}", f"Bearer {secret} ", f" Bearer {secret}", f"Bearer {secret}\n"):
        assert secret_in(bad) is None


def test_a_beginning_is_8_to_64_digits_with_or_without_the_prefix() -> None:
    assert digits_in("betedge_1a2b3c4d") == digits_in(" 1A2B3C4D ") == "1a2b3c4d"
    for bad in ("1a2b3c4", "betedge_", "xyzxyzxy", "1" * 65, "betedge_betedge_1a2b3c4d", "٣" * 8):
        assert digits_in(bad) is None


@pytest.mark.django_db
def test_the_secret_is_nowhere_in_the_row() -> None:
    key, secret = create_key(organization=OrganizationFactory(), name="mine", now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_apikey::text FROM access_apikey")
        (row,) = cursor.fetchone()
    assert secret.removeprefix("betedge_") not in row
    assert str(key) == f"mine betedge_{secret[8:16]}…{secret[-4:]}"
    assert working_key(secret=secret, now=timezone.now()) == key


@pytest.mark.django_db
@pytest.mark.parametrize(("tier", "most"), [("starter", 2), ("growth", 10), ("enterprise", 50)])
def test_a_tier_holds_so_many_working_keys_and_dead_ones_do_not_count(tier, most) -> None:
    now, organization = timezone.now(), OrganizationFactory(tier=tier)
    ApiKeyFactory(organization=organization, revoked_at=now)
    ApiKeyFactory(organization=organization, expires_at=now)
    keys = [create_key(organization=organization, name="k", now=now)[0] for _ in range(most)]
    with pytest.raises(KeyLimitReached, match="revoke one first"):
        create_key(organization=organization, name="k", now=now)
    revoke_key(key_id=keys[0].pk, now=now)
    create_key(organization=organization, name="k", now=now)


@pytest.mark.django_db(transaction=True)
def test_many_callers_at_once_get_no_more_keys_than_the_tier_holds() -> None:
    organization, refused = OrganizationFactory(tier="starter"), []
    ready = threading.Barrier(6)

    def ask() -> None:
        try:
            ready.wait()
            create_key(organization=organization, name="k", now=timezone.now())
        except KeyLimitReached as error:
            refused.append(error)
        finally:
            connection.close()

    callers = [threading.Thread(target=ask) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (ApiKey.objects.count(), len(refused)) == (2, 4)


@pytest.mark.django_db
def test_revoking_again_keeps_the_first_time() -> None:
    key, now = ApiKeyFactory(), timezone.now()
    assert revoke_key(key_id=key.pk, now=now).revoked_at == now
    assert revoke_key(key_id=key.pk, now=now + timedelta(hours=1)).revoked_at == now


@pytest.mark.django_db
class TestCreateKey:
    def test_prints_the_key_alone_and_makes_the_organisation(self, capsys) -> None:
        call_command("create_key", "--org", "New & Co", "--tier", "growth", "--name", "laptop")
        out, err = capsys.readouterr()
        key = working_key(secret=out.removesuffix("\n"), now=timezone.now())
        assert key is not None
        assert (key.name, key.organization.name, key.organization.tier) == ("laptop", "New & Co", "growth")
        assert out.strip() not in err
        assert "New & Co" in err

    def test_moves_an_existing_organisation_to_the_tier(self, capsys) -> None:
        organization = OrganizationFactory(tier="starter")
        call_command("create_key", "--org", organization.name, "--tier", "enterprise")
        assert Organization.objects.get().tier == "enterprise"

    @pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b", "a\nb"])
    def test_refuses_a_name_that_is_none(self, name) -> None:
        with pytest.raises(CommandError, match="1 to 120 printable"):
            call_command("create_key", "--org", name, "--tier", "growth")

    def test_says_when_no_key_is_left_and_leaves_the_tier(self, capsys) -> None:
        organization = OrganizationFactory(tier="growth")
        ApiKeyFactory.create_batch(TIERS["growth"].active_keys, organization=organization)
        with pytest.raises(CommandError, match="all that starter allows: revoke one first"):
            call_command("create_key", "--org", organization.name, "--tier", "starter")
        assert Organization.objects.get().tier == "growth"
        assert capsys.readouterr().out == ""


@pytest.mark.django_db
class TestRevokeKey:
    @pytest.mark.parametrize("shape", ["betedge_{:.8}", "{:.8}", "{:.20}", "betedge_{:.63}", "betedge_{}", "{}"])
    def test_finds_a_key_by_how_it_begins(self, shape, capsys) -> None:
        key, other = ApiKeyFactory(), ApiKeyFactory()
        call_command("revoke_key", shape.format(key.secret.removeprefix("betedge_")))
        assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
        assert ApiKey.objects.get(pk=other.pk).revoked_at is None
        assert "Revoked" in capsys.readouterr().err

    @pytest.mark.parametrize("asked", ["betedge_00000000", "0" * 64, "1234567", "betedge_", "", "zzzzzzzz"])
    def test_an_unknown_beginning_is_a_sentence_and_exit_2(self, asked) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("revoke_key", asked)
        assert refused.value.returncode == 2
        assert str(refused.value).endswith(".")

    def test_two_working_keys_that_begin_so_are_told_apart_by_the_whole_key(self) -> None:
        first, second = (ApiKeyFactory(secret="betedge_1a2b3c4d" + digit * 56) for digit in "01")
        with pytest.raises(CommandError, match="give the whole key") as refused:
            call_command("revoke_key", "1a2b3c4d")
        assert refused.value.returncode == 2
        call_command("revoke_key", first.secret)
        assert ApiKey.objects.get(pk=second.pk).revoked_at is None
        call_command("revoke_key", "1a2b3c4d")
        assert ApiKey.objects.get(pk=second.pk).revoked_at is not None

    def test_a_dead_key_needs_no_revoking(self, capsys) -> None:
        key = ApiKeyFactory(revoked_at=timezone.now())
        call_command("revoke_key", key.prefix)
        assert "nothing to revoke" in capsys.readouterr().err
