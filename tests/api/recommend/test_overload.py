"""Under overload: what is sent away, how it looks, and that the queue is bounded by time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.deployment.releases import Releases
from api.problems import Problem
from api.recommend.micro_batching import FullError, Load, MicroBatcher
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store
from tests.api.recommend.test_recommendations import PATH, read_metrics

SECONDS = 30.0


def overload(
    bundle: Bundle, store: Store, client_id: str | None
) -> tuple[TestClient, list[httpx.Response]]:
    """Send three requests at once where one may wait."""
    app = create_app(
        Releases.of(bundle),
        store,
        ServiceSettings(max_queue_length=1, deadline_seconds=60),
        development=True,
    )
    headers = {"X-Request-ID": client_id} if client_id else {}

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            requests = (
                http.post(PATH, json={"participant": {}}, headers=headers) for _ in range(3)
            )
            return await asyncio.gather(*requests)

    answers = asyncio.run(run())
    return TestClient(app, base_url="http://localhost"), answers


@pytest.mark.parametrize("client_id", [None, "one-of-the-clients"])
def test_what_is_sent_away_is_a_problem_like_any_other(
    bundle: Bundle, sqlite_store: Store, client_id: str | None
) -> None:
    client, answers = overload(bundle, sqlite_store, client_id)
    away = [answer for answer in answers if answer.status_code == 503]
    assert len(away) == 2
    other = client.post(PATH, json={"participant_id": "nobody"})
    usual = {*other.headers} - {"ratelimit", "ratelimit-policy"}  # sent away before it is counted
    for answer in away:
        assert answer.headers["Retry-After"] == "1"
        problem = Problem.model_validate(answer.json())
        assert (problem.status, problem.instance) == (503, PATH)
        assert problem.request_id == answer.headers["X-Request-ID"]
        assert client_id in (None, problem.request_id)
        assert set(answer.headers) == {*usual, "retry-after"}
        assert answer.json().keys() == other.json().keys()
        same = usual - {"content-length", "x-request-id"}
        assert all(answer.headers[name] == other.headers[name] for name in same)
    assert (
        read_metrics(client)[f'padan_requests_total{{method="POST",route="{PATH}",status="503"}}']
        == 2
    )


def test_other_routes_answer_under_overload(bundle: Bundle, sqlite_store: Store) -> None:
    settings = ServiceSettings(max_queue_length=1)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)
    with TestClient(app, base_url="http://localhost") as client:
        app.state.handler._queue._waiting.append(None)
        assert client.post(PATH, json={"participant": {}}).status_code == 503
        assert client.get("/v1/courses").status_code == 200


def test_at_a_slow_pace_fewer_may_wait() -> None:
    async def slow(requests: Sequence[int], _: Load) -> Sequence[int]:
        await asyncio.sleep(0.05)
        return requests

    async def run() -> int:
        queue = MicroBatcher[int, int](slow, max_batch=1, max_length=1_000, max_seconds=0.5)
        for number in range(20):  # no request waits for another; the pace becomes known
            assert await queue.submit(number, SECONDS) == number
        waiting = []
        while not queue.full:
            waiting.append(asyncio.ensure_future(queue.submit(0, SECONDS)))
            await asyncio.sleep(0)
        with pytest.raises(FullError):
            await queue.submit(0, SECONDS)
        for one in waiting:
            one.cancel()
        return len(waiting)

    assert 1 < asyncio.run(run()) <= 12  # 0.5 s / 0.05 s, and the one under way


def test_single_requests_do_not_make_many_seem_slow() -> None:
    async def work(requests: Sequence[int], _: Load) -> Sequence[int]:
        await asyncio.sleep(0.05)  # however many
        return requests

    async def run() -> None:
        queue = MicroBatcher[int, int](work, max_batch=20, max_length=1_000, max_seconds=0.5)
        for number in range(5):
            await queue.submit(number, SECONDS)
        many = [queue.submit(number, SECONDS) for number in range(40)]
        assert await asyncio.gather(*many) == list(range(40))

    asyncio.run(run())


def test_the_load_says_how_long_all_will_take() -> None:
    loads: list[Load] = []

    async def work(requests: Sequence[int], load: Load) -> Sequence[int]:
        loads.append(load)
        await asyncio.sleep(0.02)
        return requests

    async def run() -> None:
        queue = MicroBatcher[int, int](work, max_batch=4, max_length=100, max_seconds=SECONDS)
        await asyncio.gather(*(queue.submit(number, SECONDS) for number in range(12)))

    asyncio.run(run())
    assert [load.length for load in loads] == [12, 8, 4]
    assert loads[0].ahead == 0
    assert 0 < loads[1].ahead < loads[1].length * 0.02


def test_who_waited_too_long_is_told_so() -> None:
    async def never(requests: Sequence[int], _: Load) -> Sequence[int]:
        await asyncio.sleep(SECONDS)
        return requests

    async def run() -> None:
        queue = MicroBatcher[int, int](never, max_batch=1, max_length=10, max_seconds=SECONDS)
        with pytest.raises(TimeoutError):
            await queue.submit(0, 0.01)

    asyncio.run(run())


def test_answers_go_out_between_calls_however_many_wait() -> None:
    """A call that never gives the event loop a turn, and always enough who wait for the next."""
    calls, heard_before = [], []

    async def run() -> None:
        heard: list[int] = []

        async def work(requests: Sequence[int], load: Load) -> list[int]:  # noqa: ARG001
            calls.append(len(requests))
            heard_before.append(len(heard))
            return list(requests)

        queue = MicroBatcher[int, int](work, max_batch=2, max_length=100, max_seconds=SECONDS)

        async def submit(number: int) -> None:
            heard.append(await queue.submit(number, SECONDS))

        await asyncio.gather(*(submit(number) for number in range(12)))

    asyncio.run(run())
    assert calls == [2] * 6
    assert heard_before == [0, 2, 4, 6, 8, 10]
