"""Both clients against a server that first sends them away."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from padan_client import AsyncPadan, Event, Padan, PadanError
from padan_client._errors import read_retry_after
from tests.clients.awaiting import open_client
from tests.clients.scripted_server import Answer, run_script

pytestmark = pytest.mark.integration

EVENT = Event(
    event_id="e", participant_id="p", course_id="c", kind="click", at=dt.datetime.now(dt.UTC)
)


@pytest.fixture(params=[Padan, AsyncPadan])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_is_made_again_when_the_service_says(kind: Any, status: int) -> None:
    with (
        run_script(Answer(status, {"Retry-After": "1"})) as server,
        open_client(kind, server.url) as padan,
    ):
        assert padan.send([EVENT]).accepted == 1
    first, second = server.received
    assert 1.0 <= server.waits[0] < 3
    assert first.body == second.body
    assert first.line == second.line == "POST /v1/events HTTP/1.1"


def test_the_service_may_name_a_moment(kind: Any) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    headers = {"Retry-After": format_datetime(moment, usegmt=True)}
    with run_script(Answer(503, headers)) as server, open_client(kind, server.url) as padan:
        assert padan.send([EVENT]).accepted == 1
    assert 0.9 <= server.waits[0] < 4


def test_attempts_are_counted(kind: Any) -> None:
    with (
        run_script(*[Answer(503)] * 9) as server,
        open_client(kind, server.url, attempts=4) as padan,
        pytest.raises(PadanError, match="503 not now") as caught,
    ):
        padan.send([EVENT])
    assert len(server.received) == 4
    assert caught.value.retry_after is None


def test_one_attempt_is_no_retry(kind: Any) -> None:
    with (
        run_script(Answer(429, {"Retry-After": "0"})) as server,
        open_client(kind, server.url, attempts=1) as padan,
        pytest.raises(PadanError, match="429"),
    ):
        padan.send([EVENT])
    assert len(server.received) == 1


def test_what_the_service_wants_too_late_is_not_waited_for(kind: Any) -> None:
    begin = time.monotonic()
    with (
        run_script(Answer(429, {"Retry-After": "60"})) as server,
        open_client(kind, server.url) as padan,
        pytest.raises(PadanError, match="429") as caught,
    ):
        padan.send([EVENT])
    assert time.monotonic() - begin < 5
    assert len(server.received) == 1
    assert caught.value.retry_after == 60


def test_no_attempt_begins_after_the_time_for_all(kind: Any) -> None:
    with (
        run_script(*[Answer(503, {"Retry-After": "1"})] * 99) as server,
        open_client(kind, server.url, attempts=99, retry_seconds=2.6) as padan,
        pytest.raises(PadanError, match="503"),
    ):
        padan.send([EVENT])
    assert 2 <= len(server.received) <= 3
    assert sum(server.waits) < 2.6 + 0.5


@pytest.mark.parametrize("status", [307, 400, 401, 404, 409, 422, 500, 502, 504])
def test_nothing_else_is_repeated(kind: Any, status: int) -> None:
    with (
        run_script(Answer(status, {"Retry-After": "0"})) as server,
        open_client(kind, server.url) as padan,
        pytest.raises(PadanError, match=f"{status} not now"),
    ):
        padan.send([EVENT])
    assert len(server.received) == 1


def test_a_slow_service_is_not_waited_for(kind: Any) -> None:
    with run_script() as server, open_client(kind, server.url, timeout=0.2) as padan:
        server.seconds = 0.6
        with pytest.raises(httpx.ReadTimeout):
            padan.send([EVENT])
    assert len(server.received) == 1


@pytest.mark.parametrize("text", ["<h1>Bad gateway</h1>", '{"detail": "x"}', ""])
def test_a_proxy_that_answers_in_its_own_way(kind: Any, text: str) -> None:
    with (
        run_script(Answer(502, text=text)) as server,
        open_client(kind, server.url) as padan,
        pytest.raises(PadanError) as caught,
    ):
        padan.send([EVENT])
    problem = caught.value.problem
    assert (problem.status, problem.title, problem.instance) == (502, "Bad Gateway", "/v1/events")
    assert problem.detail == (text or "Bad Gateway")


def test_calls_at_the_same_time_are_repeated_each_by_itself() -> None:
    async def run(url: str) -> list[int]:
        async with AsyncPadan(url, attempts=99) as padan:
            answers = await asyncio.gather(*[padan.send([EVENT]) for _ in range(20)])
        return [answer.accepted for answer in answers]

    with run_script(*[Answer(503, {"Retry-After": "0"})] * 20) as server:
        assert asyncio.run(run(server.url)) == [1] * 20
    assert len(server.received) == 40


def test_what_is_sent(kind: Any) -> None:
    with run_script() as server:
        with open_client(kind, f"{server.url}/padan/", api_key="the key") as padan:
            padan.send([EVENT])
        with open_client(kind, server.url, token="t.o.k") as padan:  # noqa: S106
            padan.send([EVENT])
    by_key, by_token = server.received
    assert by_key.line == "POST /padan/v1/events HTTP/1.1"
    assert by_key.headers["content-type"] == "application/json"
    assert by_key.headers["x-api-key"] == "the key"
    assert by_token.headers["authorization"] == "Bearer t.o.k"
    (sent,) = json.loads(by_key.body)["events"]
    assert sent.keys() == {"event_id", "participant_id", "course_id", "kind", "at"}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0", 0), (" 7 ", 7), ("-3", None), ("1.5", None), ("²", None), ("soon", None), ("", None)],
)
def test_retry_after_is_seconds(written: str, seconds: float | None) -> None:
    assert read_retry_after(httpx.Headers({"Retry-After": written.encode()})) == seconds


def test_a_moment_that_has_passed_is_now() -> None:
    passed = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert read_retry_after(httpx.Headers(passed)) == 0
