"""Over HTTP: lists, plans, audiences and decisions agree on whoever describes themselves in their own words."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.deployment.releases import Releases
from api.settings import ServiceSettings
from cli.main import app
from models.bundles.promotion import current
from recommender.bundle.bundle import Bundle
from recommender.engine import Engine
from recommender.matching.plan import DEFERRABLE
from store.database import Store
from tests.free_text import draw_participant
from training_data.profiles import Participant, to_tables

MAX_COURSES = 100  # of one request for decisions
FEW = {"modes": ["in_person"], "max_price_idr": 400_000}  # so that lists come out short

JAPANESE = ["saya bisa Bahasa Jepang dasar", "lancar Percakapan bahasa Jepang"]
EXPLAIN = ["explain", "--course", "bahasa-019"]
LEARNER: dict[str, Any] = {
    "region": "Kota Bandung",
    "birth_year": 1998,
    "skills": [*JAPANESE, "sudah belajar kanji dasar", "ikut persiapan JLPT tahun lalu"],
    "interests": ["bahasa Jepang"],
}


@pytest.fixture
def client(demo_bundle: Bundle, sqlite_store: Store) -> Iterator[TestClient]:
    settings = ServiceSettings(
        deadline_seconds=60, store_timeout_seconds=60, max_requests_per_minute=1_000_000
    )
    service = create_app(Releases.of(demo_bundle), sqlite_store, settings, development=True)
    with TestClient(service, base_url="http://localhost") as client:
        yield client


def post(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def decide(
    client: TestClient, courses: list[str], participant: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    return {
        decision["course_id"]: decision
        for first in range(0, len(courses), MAX_COURSES)
        for decision in post(
            client,
            "/v1/eligibility",
            participant=participant,
            course_ids=courses[first : first + MAX_COURSES],
        )["courses"]
    }


def codes(decision: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in decision["reasons"]]


@pytest.mark.parametrize(
    "count", [40, pytest.param(2_000, marks=pytest.mark.slow, id="2000 people")]
)
def test_lists_plans_and_decisions_agree(
    client: TestClient, demo_bundle: Bundle, count: int
) -> None:
    rng, courses = random.Random(count), demo_bundle.engine.catalogue.ids  # noqa: S311
    deferrable = {exclusion.value for exclusion in DEFERRABLE}
    listed = planned = 0
    for _ in range(count):
        participant = draw_participant(demo_bundle.engine, rng)
        decisions = decide(client, courses, participant)
        slate = post(client, "/v1/recommendations", participant=participant, k=100)
        assert not slate["degraded"]
        for item in slate["items"]:  # what may be taken, or comes after the training under way
            assert set(codes(decisions[item["course_id"]])) <= {item["waits_for"]} - {None}
        short = post(client, "/v1/recommendations", participant=participant, k=100, filters=FEW)
        assert short["excluded"] == Counter(
            code for decision in decisions.values() for code in codes(decision)
        )
        plan = post(client, "/v1/plans", participant=participant, max_courses=10)
        for item in plan["items"]:
            assert set(codes(decisions[item["course_id"]])) <= deferrable
        listed += len(slate["items"])
        planned += len(plan["items"])
    assert listed > 10 * count
    assert planned > count / 2


def compare_now(engine: Engine, people: Collection[dict[str, Any]], course_id: str) -> list[float]:
    """Return the cosine of each described person, as they are now, to a training."""
    described = [Participant.model_validate(one) for one in people]
    names = [str(number) for number in range(len(described))]
    tables = to_tables(described, names, engine.reader.vocabularies.regions)
    read = engine.prepare(*tables, engine.programme.today())
    cosines: list[float] = read.vectors @ engine.course_vectors[engine.catalogue.index[course_id]]
    return list(map(float, cosines))


def test_an_audience_is_of_those_who_may_take_the_training(
    client: TestClient, demo_bundle: Bundle
) -> None:
    rng, engine = random.Random(1), demo_bundle.engine  # noqa: S311
    people = {}
    for name in demo_bundle.neighbours.participants.ids[:60]:
        described = draw_participant(engine, rng) | {"history": []}
        people[name] = described
        stored = {
            key: value
            for key, value in described.items()
            if key not in ("history", "profiling_opt_out")
        }
        path, objection = f"/v1/participants/{name}", described.get("profiling_opt_out", False)
        assert client.put(path, json=stored).is_success
        assert client.put(f"{path}/profiling", json={"opt_out": objection}).is_success
    needing = [
        engine.catalogue.ids[course] for course in set(engine.catalogue.prerequisites.nonzero()[0])
    ]
    reached = 0
    for course_id in rng.sample(needing, 5) + rng.sample(engine.catalogue.ids, 5):
        audience = post(client, f"/v1/courses/{course_id}/audience", k=500)["items"]
        near = dict(zip(people, compare_now(engine, people.values(), course_id), strict=True))
        expected = {
            name
            for name, described in people.items()
            if not described.get("profiling_opt_out")
            and near[name] > 0
            and decide(client, [course_id], described)[course_id]["eligible"]
        }
        assert {member["participant_id"] for member in audience} == expected
        cosines = [member["similarity"] for member in audience]
        assert cosines == sorted(cosines, reverse=True)
        assert cosines == pytest.approx([near[one["participant_id"]] for one in audience], abs=1e-5)
        reached += len(expected)
    assert reached


def test_skills_in_own_words_meet_a_prerequisite_on_every_way(
    client: TestClient, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADAN_HOME", str(demo))
    file = tmp_path / "participant.json"
    bundle = str(current(demo / "bundles"))

    def ways(skills: list[str]) -> dict[str, bool]:
        participant = LEARNER | {"skills": skills}
        file.write_text(json.dumps(participant), encoding="utf-8")
        lists = post(client, "/v1/recommendations", participant=participant, k=100)["items"]
        explained = CliRunner().invoke(
            app, [*EXPLAIN, "--participant", str(file), "--bundle", bundle, "--json"]
        )
        return {
            "list": "bahasa-019" in [item["course_id"] for item in lists],
            "eligibility": decide(client, ["bahasa-019"], participant)["bahasa-019"]["eligible"],
            "explain": json.loads(explained.output)["courses"][0]["eligible"],
        }

    assert set(ways(LEARNER["skills"]).values()) == {True}
    assert set(ways(JAPANESE).values()) == {False}


def test_a_goal_in_own_words_counts_in_lists_and_plans(client: TestClient) -> None:
    someone = {"region": "Kota Bandung", "birth_year": 1990}
    for path, wanted in (("/v1/recommendations", {"k": 10}), ("/v1/plans", {"max_courses": 5})):

        def ask(path: str = path, wanted: dict[str, int] = wanted, **goal: str) -> list[str]:
            found = post(client, path, participant=someone | goal, **wanted)
            return [item["course_id"] for item in found["items"] if item["fit"] != "other"]

        written = ask(target_occupation="ingin jadi tukang las di bengkel")
        named = ask(target_occupation="tukang las")
        assert (
            [course for course in written if course in named] == named != []
        )  # and other workshops
        assert written != ask()


@pytest.mark.parametrize(
    ("barred", "interest"),
    [
        ({"employment_status": "student", "education": "primary"}, "data analyst"),
        ({"occupation": "polisi lalu lintas"}, "berkebun"),
        ({"balance_idr": 0}, "membuat kue"),
    ],
)
def test_nobody_is_told_that_the_way_is_too_far_where_another_rule_keeps_the_training(
    client: TestClient, barred: dict[str, Any], interest: str
) -> None:
    someone = {"region": "Kab. Bantul", "birth_year": 1993, "interests": [interest]} | barred
    found = post(client, "/v1/recommendations", participant=someone)
    notice = found["notice"]
    if notice is not None and notice["code"] == "nothing_near":
        course_id = notice["evidence"]["course_id"]
        assert codes(decide(client, [course_id], someone)[course_id]) == ["out_of_reach"]
    else:
        assert not found["items"] or notice is None or notice["code"] == "nothing_permitted"


def test_a_plan_without_filters_speaks_of_none(client: TestClient) -> None:
    running = [{"course_id": "perkantoran-001", "kind": "purchase"}]
    someone = {"region": "Kota Makassar", "birth_year": 2001, "history": running}
    found = post(client, "/v1/plans", participant=someone | {"interests": ["excel lanjutan"]})
    assert "filters_leave_nothing" not in [one["code"] for one in found["advice"]]
