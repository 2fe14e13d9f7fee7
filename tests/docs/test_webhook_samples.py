"""The samples about webhooks, run as printed: verifiers and receivers on what we sign, the others against the API."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py
import requests
from django.utils import timezone

from apps.core.sealing import seal
from apps.devtools.sink.arrivals import Arrival
from apps.devtools.stack.ports import free_port
from apps.docs import samples
from apps.webhooks.models import Attempt, Delivery, State, Subscription
from apps.webhooks.partitions import make_weeks
from apps.webhooks.signing import new_secret, signed_headers
from tests.docs.test_samples import COMMANDS, PROGRAMS, is_as_documented, run
from tests.factories import ApiKeyFactory
from tests.sinks import running_sink
from tests.web import web_process

HOST = "hooks.example.com"  # of the samples
SECRET = new_secret()
BODY = samples.read("webhooks/event", "json").encode()
each_program = pytest.mark.parametrize("suffix", ["mjs", "py"])
each_language = pytest.mark.parametrize("suffix", PROGRAMS)

# Ask a verifier about every case in `cases.json`, and print its answers.
DRIVERS = {
    "py": """
import json
import {module}
cases = json.load(open("cases.json"))
answers = [{module}.{name}(bytes.fromhex(body), headers, secret) for body, headers, secret in cases]
print(json.dumps([bool(answer) for answer in answers]))
""",
    "mjs": """
import {{ readFileSync }} from "node:fs";
import {{ {name} }} from "./{module}.mjs";
const cases = JSON.parse(readFileSync("cases.json", "utf8"));
const answers = cases.map(([body, headers, secret]) => {name}(Buffer.from(body, "hex"), headers, secret));
console.log(JSON.stringify(answers.map(Boolean)));
""",
}
VERIFIERS = {
    ("header", "py"): "is_genuine",
    ("header", "mjs"): "isGenuine",
    ("standard", "py"): "read_event",
    ("standard", "mjs"): "readEvent",
}


def signed(*, secret: str = SECRET, previous: str | None = None, now: datetime | None = None) -> dict[str, str]:
    """The headers of a delivery of BODY, in lower case."""
    headers = signed_headers(
        BODY,
        event="pick.published",
        event_id="0b6f3c5e-6f0a-4d43-9a51-2f2c6b7b5a10",
        delivery_id="6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        attempt=1,
        secret=secret,
        previous=previous,
        now=now or datetime.now(UTC),
    )
    return {name.lower(): value for name, value in headers.items()}


def need(suffix: str) -> None:
    if shutil.which(PROGRAMS[suffix]) is None:
        pytest.skip(f"{PROGRAMS[suffix]} is not installed, so its samples are not run.")


def judged(module: str, suffix: str, folder: Path, cases: list[tuple[bytes, dict[str, str], str]]) -> list[bool]:
    """What the verifier of a sample says of each body with its headers and the receiver's secret."""
    need(suffix)
    (folder / f"{module}.{suffix}").write_text(samples.read(f"webhooks-verifying/{module}", suffix))
    (folder / "cases.json").write_text(json.dumps([(body.hex(), headers, secret) for body, headers, secret in cases]))
    driver = folder / f"driver.{suffix}"
    driver.write_text(DRIVERS[suffix].format(module=module, name=VERIFIERS[module, suffix]))
    done = subprocess.run(
        [*COMMANDS[suffix], driver.name], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(("module", "suffix"), VERIFIERS)
def test_a_verifier_accepts_what_we_sign_and_nothing_else(module: str, suffix: str, tmp_path: Path) -> None:
    other = new_secret()
    cases = [
        (BODY, signed(), SECRET),
        (BODY, signed(secret=other, previous=SECRET), SECRET),  # while the secret is rotated
        (BODY, signed(secret=SECRET, previous=other), SECRET),
        (BODY + b" ", signed(), SECRET),
        (BODY, signed(secret=other), SECRET),
        (BODY, {}, SECRET),
        (BODY, dict.fromkeys(signed(), "é"), SECRET),
    ]
    assert judged(module, suffix, tmp_path, cases) == [True, True, True, False, False, False, False]


@each_program
def test_the_standard_verifier_refuses_what_is_older_than_five_minutes(suffix: str, tmp_path: Path) -> None:
    ages = [timedelta(minutes=minutes) for minutes in (4, 6, -6)]
    cases = [(BODY, signed(now=datetime.now(UTC) - age), SECRET) for age in ages]
    assert judged("standard", suffix, tmp_path, cases) == [True, False, False]


@contextmanager
def receiver(suffix: str, folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """The whole receiver of the pages, once it listens."""
    need(suffix)
    file = folder / f"server.{suffix}"
    file.write_text(samples.read("webhooks-receiving/server", suffix))
    environ = {**os.environ, "BETEDGE_HMAC_SECRET": SECRET, "PORT": str(port)}
    with subprocess.Popen([*COMMANDS[suffix], str(file)], env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            waiting = requests.adapters.HTTPAdapter(
                max_retries=requests.adapters.Retry(total=10, connect=10, backoff_factor=0.05)
            )
            with requests.Session() as session:
                session.mount("http://", waiting)
                assert session.post(f"http://127.0.0.1:{port}/", data=b"", timeout=10).status_code == 401
            yield process
        finally:
            process.kill()


def send_sample(suffix: str, folder: Path, *, port: int, secret: str) -> str:
    need(suffix)
    file = folder / f"send.{suffix}"
    file.write_text(samples.read("webhooks-testing/send", suffix))
    environ = {**os.environ, "BETEDGE_HMAC_SECRET": secret, "PORT": str(port)}
    return subprocess.run(
        [*COMMANDS[suffix], str(file)], env=environ, capture_output=True, text=True, timeout=60, check=True
    ).stdout


@each_program
def test_the_whole_receiver_counts_an_event_once_and_refuses_what_is_not_ours(suffix: str, tmp_path: Path) -> None:
    port = free_port()
    settled = json.dumps({"id": "another", "event": "pick.settled", "data": {}}).encode()
    with receiver(suffix, tmp_path, port) as process:
        for sender in ("py", "mjs"):
            if shutil.which(PROGRAMS[sender]):
                assert send_sample(sender, tmp_path, port=port, secret=SECRET) == samples.read(
                    "webhooks-testing/send", "txt"
                )
                assert send_sample(sender, tmp_path, port=port, secret=new_secret()) == "401\n"
        headers = signed_headers(
            settled,
            event="pick.settled",
            event_id="another",
            delivery_id="x",
            attempt=1,
            secret=SECRET,
            previous=None,
            now=datetime.now(UTC),
        )
        answer = requests.post(f"http://127.0.0.1:{port}/betedge", data=settled, headers=headers, timeout=10)
        assert answer.status_code == 204
        assert process.stdout
        assert process.stdout.readline() == samples.read("webhooks-receiving/server", "txt")
        assert process.stdout.readline().strip() == "pick.settled"


def make_the_scene() -> str:
    """The webhook that the pages name, with one delivery that took two attempts; its key's secret."""
    key = ApiKeyFactory(tier="growth")
    shown = json.loads(samples.read("webhooks/deliveries", "json"))["data"][0]
    now = timezone.now()
    subscription = Subscription.objects.create(
        id=UUID(samples.read("webhooks/deliveries", "sh").partition("id=")[2].split()[0]),
        key=key,
        url=f"https://{HOST}/shown",
        compared_url=f"https://{HOST}/shown",
        events=["pick.published"],
        created_at=now,
        begins_after=0,
        sealed_secret=seal(SECRET),
    )
    make_weeks([now])
    delivery = Delivery.objects.create(
        subscription=subscription,
        created_at=now,
        event_id=UUID(shown["event_id"]),
        event=shown["event"],
        status=State.DELIVERED,
        delivered_at=now + timedelta(minutes=1),
        attempts=2,
    )
    for number, attempt in enumerate(shown["attempts"], start=1):
        told = {
            name: attempt[name] or "" for name in ("address", "status_code", "duration_ms", "error", "response_body")
        }
        Attempt.objects.create(delivery_id=delivery.pk, number=number, at=now + timedelta(minutes=number - 1), **told)
    return str(key.secret)


@pytest.mark.django_db(transaction=True)
@each_language
def test_a_sample_that_calls_the_api_prints_what_its_page_says(
    suffix: str, redis: "redis_py.Redis", tmp_path: Path
) -> None:
    key, wrong = make_the_scene(), {}
    with running_sink(tmp_path / "sink", "--name", HOST) as sink:
        environ: dict[str, Any] = {
            "BETEDGE_WEBHOOK_RESOLVE": f"{HOST}:443=127.0.0.1:{sink.port}",
            "BETEDGE_WEBHOOK_CA_FILE": str(sink.ca_file),
        }
        with web_process(tmp_path, environ=environ) as address:
            for name in ("webhooks/create", "webhooks/deliveries", "webhooks-testing/test"):
                printed = run(name, suffix, tmp_path, host=address, key=key)
                if not is_as_documented(name, "json" if suffix == "sh" else "txt", printed):
                    wrong[name] = printed
    assert wrong == {}


def test_the_event_that_is_shown_is_the_pick_that_is_shown() -> None:
    picks = json.loads(samples.read("picks/list", "json"))["data"]
    event = json.loads(BODY)
    assert event["data"] in picks
    assert samples.read("webhooks/event", "http").count(event["id"]) == 1


def test_the_line_of_the_sink_that_is_shown_is_one_of_the_sink() -> None:
    head = samples.read("webhooks/event", "http").replace("\n", "\r\n").encode()
    at = datetime(2026, 5, 25, 8, 0, 2, tzinfo=UTC).timestamp()
    assert Arrival(1, at, 0.0, "/demo", head, BODY, "200", "ok").line + "\n" == samples.read(
        "webhooks-testing/sink", "txt"
    )
