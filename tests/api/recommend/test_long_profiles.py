"""Who describes a person at length waits for that alone: others are answered meanwhile."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deployment.releases import Releases
from api.process.interpreter import take_turns
from api.recommend.slates import FEW_PHRASES
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store
from tests.api.recommend.test_recommendations import PATH

PATIENT = ServiceSettings(deadline_seconds=60)
WORDS = ["belajar", "las", "listrik", "kue", "kering", "menjahit", "baju", "data", "python"]


def describe(number: int, phrases: int) -> dict[str, Any]:
    """Return a person with so many phrases that nobody wrote before."""
    own = [f"{WORDS[n % 9]} {WORDS[n // 9 % 9]} {number} {n}" for n in range(phrases)]
    return {"participant": {"skills": own[::2], "interests": own[1::2]}, "k": 5}


@pytest.fixture
def app(bundle: Bundle, sqlite_store: Store) -> FastAPI:
    return create_app(Releases.of(bundle), sqlite_store, PATIENT, development=True)


def connect(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


def test_a_long_person_gets_the_list_of_one_who_was_read_at_once(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> list[str]:
        async with connect(app) as http:
            answer = (await http.post(PATH, json=describe(1, 5 * FEW_PHRASES))).json()
        return [item["course_id"] for item in answer["items"]]

    apart = asyncio.run(ask())
    monkeypatch.setattr("api.recommend.slates.FEW_PHRASES", 1_000)
    assert asyncio.run(ask()) == apart
    assert apart


def test_the_event_loop_is_not_held(app: FastAPI) -> None:
    take_turns()

    async def measure(phrases: int) -> tuple[float, float]:
        """Return how long answers took, and the longest that one usually held the event loop."""
        longest, stop = 0.0, False

        async def beat() -> None:
            nonlocal longest
            while not stop:
                start = time.perf_counter()
                await asyncio.sleep(0.001)
                longest = max(longest, time.perf_counter() - start)

        async with connect(app) as http:
            await http.post(PATH, json={"participant": {}})
            beating = asyncio.create_task(beat())
            start = time.perf_counter()
            held = []
            for number in range(5):
                longest = 0.0
                body = describe(int(1e9 * start) + number, phrases)
                assert (await http.post(PATH, json=body)).status_code == 200
                held.append(longest)
            took = (time.perf_counter() - start) / 5
            stop = True
            await beating
        return took, median(held)

    took, longest = asyncio.run(measure(180))
    print(
        f"an answer took {1000 * took:.0f} ms, the event loop was held for {1000 * longest:.0f} ms"
    )
    assert longest < max(0.5 * took, 0.05)


def test_many_plans_leave_the_others_their_time(app: FastAPI) -> None:
    take_turns()

    async def measure(plans: int) -> float:
        async with connect(app) as http:
            body = {"participant": describe(plans, 8)["participant"]}
            under_way = [
                asyncio.create_task(http.post("/v1/plans", json=body)) for _ in range(plans)
            ]
            await asyncio.sleep(0.05)
            start = time.perf_counter()
            for _ in range(5):
                assert (await http.post(PATH, json={"participant": {}})).status_code == 200
            took = time.perf_counter() - start
            assert {(await one).status_code for one in under_way} <= {200, 503}
            return took

    asyncio.run(measure(1))  # what first use makes
    alone, crowded = asyncio.run(measure(0)), asyncio.run(measure(40))
    print(f"five lists took {1000 * alone:.0f} ms, and {1000 * crowded:.0f} ms beside 40 plans")
    assert crowded < 3 * alone + 0.05


def test_who_has_no_time_left_is_told_so(bundle: Bundle, sqlite_store: Store) -> None:
    settings = ServiceSettings(deadline_seconds=0.05)
    app = create_app(Releases.of(bundle), sqlite_store, settings, development=True)

    async def ask() -> list[int]:
        async with connect(app) as http:
            answers = [http.post(PATH, json=describe(number, 190)) for number in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*answers)]

    statuses = asyncio.run(ask())
    assert set(statuses) <= {200, 503}
    assert 503 in statuses
