"""PostgreSQL falls silent, hangs, breaks off, only reads, or is slow: the service says so, and goes on."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
import sqlalchemy as sa

from api.server.listening import GRACE_SECONDS
from store import keys
from store.database import Store, open_store
from store.dataset_import import import_dataset
from store.tables import audit, events
from tests.api.serving import Served, serving
from tests.tcp_proxy import TcpProxy, proxy_of
from training_data.dataset import Dataset

KNOWN = 20
DEADLINE_SECONDS = 1.0
SLACK_SECONDS = 0.5  # of a busy machine
FOUND_SECONDS = 2.0 + SLACK_SECONDS  # until the readiness is right
WHOLE_SECONDS = 5.0 + SLACK_SECONDS  # until lists are whole after the store's return
PERMITTED = {200, 202, 503}
DEGRADED = {(True, "store"), (True, "overload")}
Failure = Callable[["World"], None]


@dataclass
class World:
    """A service, its database, and the proxy between them."""

    served: Served
    store: Store
    proxy: TcpProxy
    key: str
    names: list[str]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.served.url, headers={"X-API-Key": self.key}, timeout=20)


@pytest.fixture
def world(
    postgresql: str, bundle_folder: Path, dataset: Dataset, tmp_path: Path
) -> Iterator[World]:
    server = open_store(postgresql).engine
    name = f"failover{tmp_path.name[-8:].replace('-', '')}{time.monotonic_ns()}".lower()
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(server.url).set(database=name).render_as_string(hide_password=False)
    store = open_store(url)
    store.upgrade()
    import_dataset(store, dataset)
    with store.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    names = dataset.read("participants")["participant_id"].head(KNOWN).to_list()
    with (
        proxy_of(url) as (proxy, through),
        serving(tmp_path, through, bundle_folder) as served,
    ):
        yield World(served, store, proxy, key, names)
    store.engine.dispose()
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def ask(http: httpx.Client, name: str) -> tuple[httpx.Response, float]:
    start = time.monotonic()
    answer = http.post("/v1/recommendations", json={"participant_id": name, "k": 3})
    return answer, time.monotonic() - start


def send_event(http: httpx.Client, event_id: str, name: str) -> httpx.Response:
    event = {"event_id": event_id, "participant_id": name, "course_id": "c", "kind": "click"}
    event |= {"at": dt.datetime.now(dt.UTC).isoformat()}
    return http.post("/v1/events", json={"events": [event]})


def is_whole(http: httpx.Client, name: str) -> bool:
    answer, _ = ask(http, name)
    return answer.status_code == 200 and not answer.json()["degraded"]


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.05)


def meet_all(http: httpx.Client, names: list[str]) -> None:
    """Return when the service has read everybody, and so knows them in an outage."""
    for name in names:
        wait_for(partial(is_whole, http, name), WHOLE_SECONDS)


def is_taken(http: httpx.Client, event_id: str, name: str) -> bool:
    return send_event(http, event_id, name).status_code == 202


def is_ready(http: httpx.Client) -> str:
    return str(http.get("/readyz").json()["store"])


def is_as(http: httpx.Client, ready: str) -> bool:
    return is_ready(http) == ready


def freeze(world: World) -> None:
    world.proxy.freeze()


def reset(world: World) -> None:
    world.proxy.reset()


@pytest.mark.parametrize("fail", [freeze, reset])
def test_an_outage_degrades_in_time_and_passes(world: World, fail: Failure) -> None:
    with world.client() as http:
        meet_all(http, world.names)
        assert is_ready(http) == "up"
        fail(world)
        for name in world.names:
            answer, seconds = ask(http, name)
            assert seconds < DEADLINE_SECONDS + SLACK_SECONDS
            assert answer.status_code == 200
            assert answer.json()["cause"] in (None, "store")
        wait_for(lambda: is_ready(http) == "down", FOUND_SECONDS)
        start = time.monotonic()
        refused = send_event(http, "e-refused", world.names[0])
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert http.get(f"/v1/participants/{world.names[0]}").status_code == 503
        assert time.monotonic() - start < DEADLINE_SECONDS
        start = time.monotonic()
        assert http.get("/healthz").status_code == 200
        assert time.monotonic() - start < 0.05 + SLACK_SECONDS
        world.proxy.restore()
        wait_for(lambda: is_whole(http, world.names[0]), WHOLE_SECONDS)
        wait_for(lambda: is_ready(http) == "up", FOUND_SECONDS)
        assert send_event(http, "e-accepted", world.names[0]).status_code == 202


def test_old_connections_fall_silent_and_new_ones_are_found(world: World) -> None:
    with world.client() as http:
        threads = [threading.Thread(target=ask, args=(http, name)) for name in world.names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        meet_all(http, world.names)
        assert send_event(http, "e-1", world.names[0]).status_code == 202
        world.proxy.silence()
        start = time.monotonic()
        while time.monotonic() - start < WHOLE_SECONDS:
            answer, seconds = ask(http, world.names[1])
            assert answer.status_code == 200
            assert seconds < DEADLINE_SECONDS + SLACK_SECONDS
        for name in world.names:
            wait_for(partial(is_whole, http, name), SLACK_SECONDS)
        assert is_ready(http) == "up"
        assert send_event(http, "e-2", world.names[0]).status_code == 202


def allow_writes(world: World, allowed: bool) -> None:
    """Have the database take writes or only read, as a standby does; connections begin anew."""
    database = world.store.engine.url.database
    assert database
    with world.store.writing() as connection:
        connection.exec_driver_sql("SET LOCAL transaction_read_only = off")
        connection.exec_driver_sql(
            f"ALTER DATABASE {database} SET default_transaction_read_only = {'off' if allowed else 'on'}"
        )
    world.proxy.reset()  # settings of a database hold for new connections
    world.proxy.restore()


def test_a_database_that_only_reads_is_down_and_its_people_are_still_found(world: World) -> None:
    with world.client() as http:
        allow_writes(world, False)
        wait_for(partial(is_as, http, "down"), FOUND_SECONDS)
        assert send_event(http, "e-refused", world.names[0]).status_code == 503
        allow_writes(world, True)
        wait_for(partial(is_as, http, "up"), FOUND_SECONDS)
        wait_for(partial(is_taken, http, "e-taken", world.names[0]), WHOLE_SECONDS)


def test_the_service_ends_in_time_while_its_database_hangs(world: World) -> None:
    with world.client() as http:
        assert is_whole(http, world.names[0])
        world.proxy.freeze()
        for name in world.names:
            ask(http, name)
    start = time.monotonic()
    world.served.process.send_signal(signal.SIGTERM)
    assert world.served.process.wait(GRACE_SECONDS) in (0, -signal.SIGTERM)
    assert time.monotonic() - start < GRACE_SECONDS - 2
    assert "this entry of the audit is" in world.served.log.read_text()


def test_a_service_starts_without_its_database_and_finds_it(
    postgresql: str, bundle_folder: Path, dataset: Dataset, tmp_path: Path
) -> None:
    store = open_store(postgresql)
    store.upgrade()
    import_dataset(store, dataset)
    with store.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    name = dataset.read("participants")["participant_id"][0]
    with proxy_of(postgresql) as (proxy, through):
        proxy.reset()
        with (
            serving(tmp_path, through, bundle_folder) as served,
            httpx.Client(base_url=served.url, headers={"X-API-Key": key}, timeout=20) as http,
        ):
            assert is_ready(http) == "down"
            assert ask(http, name)[0].status_code == 503
            proxy.restore()
            wait_for(lambda: is_whole(http, name), WHOLE_SECONDS)
    store.engine.dispose()


class Outage(NamedTuple):
    """A failure, its end, and what the readiness says meanwhile, where that is certain."""

    begin: Failure
    end: Failure
    ready: str = ""


def restore(world: World) -> None:
    world.proxy.restore()


OUTAGES = [
    Outage(freeze, restore, "down"),
    Outage(reset, restore, "down"),
    Outage(partial(allow_writes, allowed=False), partial(allow_writes, allowed=True), "down"),
    Outage(lambda world: world.proxy.silence(), restore),
    Outage(lambda world: world.proxy.slow_down(0.2), restore),
]


@pytest.mark.parametrize(
    "seconds", [20, pytest.param(600, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_failures_at_random_under_load_lose_and_double_nothing(world: World, seconds: int) -> None:
    """Only 200 and 503; each acknowledged event is there once, each decision audited once."""
    rng = Random(0)  # noqa: S311
    stop = threading.Event()
    heard: list[tuple[int, float]] = []
    causes: set[tuple[bool, str | None]] = set()
    acknowledged: set[str] = set()
    decided: set[str] = set()

    def load(number: int) -> None:
        with world.client() as http:
            count = 0
            while not stop.is_set():
                count += 1
                name = world.names[(number + count) % KNOWN]
                answer, took = ask(http, name)
                heard.append((answer.status_code, took))
                if answer.status_code == 200:
                    decided.add(answer.json()["request_id"])
                    causes.add((answer.json()["degraded"], answer.json()["cause"]))
                event_id = f"load-{number}-{count}"
                status = send_event(http, event_id, name).status_code
                heard.append((status, 0.0))
                if status == 202:
                    acknowledged.add(event_id)
                time.sleep(0.01)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    with world.client() as http:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(rng.uniform(0.5, 2))
            outage = rng.choice(OUTAGES)
            outage.begin(world)
            if outage.ready:
                wait_for(partial(is_as, http, outage.ready), FOUND_SECONDS)
            time.sleep(rng.uniform(0.5, 4))
            outage.end(world)
            wait_for(partial(is_as, http, "up"), FOUND_SECONDS)
            wait_for(partial(is_whole, http, world.names[0]), WHOLE_SECONDS - FOUND_SECONDS)
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in heard} <= PERMITTED
    assert {(False, None), (True, "store")} <= causes <= {(False, None), *DEGRADED}
    assert max(took for _, took in heard) < DEADLINE_SECONDS + SLACK_SECONDS
    assert read(world.store, events.c.event_id, acknowledged) == sorted(acknowledged)
    wait_for(lambda: len(read(world.store, audit.c.request_id, decided)) >= len(decided), 20)
    assert read(world.store, audit.c.request_id, decided) == sorted(decided)
    print(f"{len(heard)} answers, {len(acknowledged)} events, {len(decided)} decisions")


def read(store: Store, column: Any, wanted: set[str]) -> list[str]:
    """Return the values of a column that are among those wanted, as often as they are there."""
    with store.reading() as connection:
        found = connection.execute(sa.select(column)).scalars()
        return sorted(value for value in found if value in wanted)
