"""The printed samples of the reference run as they are; only host, key and id are filled in."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import ApiKeyFactory, PickFactory

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "seeds" / "betedge-api-v1.txt"
FIELDS = {
    "/match-analyses/": "analysis",
    "/track-record": "overall",
    "/picks": "data",
    "/webhooks": "hmac_secret",
}
KEY = re.compile(r"betedge_<\w+>")
SAMPLES = {
    "curl": r'curl (?:(?!curl ).)*?["\'](?=const )',
    "fetch": r"const (?:response|resp) = await fetch\(.*?(?=import requests|resp = requests)",
    "requests": r'(?:import requests\n)?resp = requests\.(?:get|post)\(.*?\n\)(?:\n\w+ = resp\.json\(\)\["\w+"\])?',
}


def samples() -> list[tuple[str, str]]:
    text = REFERENCE.read_text() if REFERENCE.exists() else ""
    found = [(kind, sample) for kind, shape in SAMPLES.items() for sample in re.findall(shape, text, re.DOTALL)]
    return [
        (kind, sample)
        for kind, sample in found
        if re.search(rf"/api/v1({'|'.join(FIELDS)})(?!/stream)", sample) and "stream" not in sample
    ]


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference's text does not lie beside this checkout")
def test_the_reference_has_five_samples_of_each_kind() -> None:
    kinds = [kind for kind, _ in samples()]
    assert {kind: kinds.count(kind) for kind in SAMPLES} == {"curl": 5, "fetch": 5, "requests": 5}


@pytest.mark.parametrize(("kind", "sample"), samples())
def test_a_printed_sample_runs(live_server, names, kind, sample) -> None:
    pick = PickFactory(settled=True)
    filled = KEY.sub(ApiKeyFactory().secret, sample).replace("https://betedge.tips", live_server.url)
    filled = filled.replace("<matchId>", str(pick.pk))
    answer = RUN[kind](filled, str(pick.pk))
    expected = next(field for path, field in FIELDS.items() if path in sample)
    assert expected in answer
    if expected == "data":
        assert [shown["id"] for shown in answer["data"]] == [str(pick.pk)]


def curl(sample: str, pick_id: str) -> dict:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return json.loads(run(["sh", "-c", sample]))


def fetch(sample: str, pick_id: str) -> dict:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    names = re.search(r"const (\{.*?\}) = await resp", sample)
    shown = names[1] if names else "await response.json()"
    script = f"const matchId = '{pick_id}';\n{sample}\nconsole.log(JSON.stringify({shown}))"
    return json.loads(run(["node", "--input-type=module", "-e", script]))


def requests(sample: str, pick_id: str) -> dict:
    script = f"import json, requests\nmatch_id = {pick_id!r}\n{sample}\nprint(json.dumps(resp.json()))"
    return json.loads(run([sys.executable, "-c", script]))


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


RUN = {"curl": curl, "fetch": fetch, "requests": requests}
