"""Both clients against the running service."""

from __future__ import annotations

import datetime as dt
import inspect
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from padan_client import (
    AllocateSettings,
    AsyncPadan,
    CourseFilters,
    Event,
    Padan,
    PadanError,
    Participant,
    Profile,
    RecommendationRequest,
)
from tests.clients.awaiting import open_client
from tests.clients.conftest import RunningService

pytestmark = pytest.mark.integration

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"
PROFILE = Profile(region="Kota Kupang", birth_year=1995, interests=["kue kering"])
EITHER = pytest.mark.parametrize("kind", [Padan, AsyncPadan])


@pytest.fixture(params=[Padan, AsyncPadan])
def padan(request: pytest.FixtureRequest, running_service: RunningService) -> Iterator[Any]:
    with open_client(request.param, running_service.url, api_key=running_service.key) as padan:
        yield padan


def click(event_id: str, participant_id: str) -> Event:
    now = dt.datetime.now(dt.UTC)
    return Event(
        event_id=event_id, participant_id=participant_id, course_id="c", kind="click", at=now
    )


@pytest.mark.parametrize("name", ["p 1?", "é%2F#", ".a", "a.b"])
def test_ids_of_every_form_reach_the_service(padan: Any, name: str) -> None:
    assert padan.put_participant(name, PROFILE).region == "53.71"
    assert padan.participant(name).participant_id == name
    assert padan.export(name).participant.interests == PROFILE.interests


def test_a_participant_from_first_to_last(padan: Any) -> None:
    name = type(padan).__name__
    padan.put_participant(name, PROFILE)
    patched = padan.patch_participant(name, Profile(birth_year=1990, region=None))
    assert (patched.birth_year, patched.region) == (1990, None)
    assert patched.interests == PROFILE.interests
    padan.put_participant(name, PROFILE)
    many = padan.put_participants(
        {name: PROFILE, f"{name}-2": PROFILE, f"{name}-3": Profile(region="?")}
    )
    assert [one.status for one in many.answers] == [200, 201, 422]
    event = click(f"{name}-1", name)
    assert padan.send([event]).accepted == 1
    assert padan.send([event]).repeated == 1
    assert not padan.recommend(participant_id=name, k=3).neutral
    assert padan.object_to_profiling(name).opt_out
    assert padan.recommend(participant_id=name, k=3).neutral
    assert not padan.object_to_profiling(name, opt_out=False).opt_out
    assert event.event_id in [one["event_id"] for one in padan.export(name).events]
    assert padan.forget(name).counts["participants"] == 1
    with pytest.raises(PadanError, match="404"):
        padan.forget(name)


def test_the_catalogue(padan: Any) -> None:
    listed = padan.courses(mode="webinar", limit=2)
    assert len(listed.items) == 2 < listed.total
    assert padan.courses(mode="webinar", offset=1, limit=1).items == listed.items[1:]
    course_id = listed.items[0].course_id
    assert padan.course(course_id)["title"] == listed.items[0].title
    assert len(padan.similar(course_id, 4).items) == 4
    assert padan.audience(course_id, 5).course_id == course_id


def test_seats_are_given_to_many(padan: Any, running_service: RunningService) -> None:
    ids = running_service.dataset.read("participants")["participant_id"].head(20).to_list()
    asked = padan.allocate(participant_ids=ids, settings=AllocateSettings(objective="people"))
    assert asked.status == "waiting"
    until = time.monotonic() + 120
    while (told := padan.allocation(asked.allocation_id)).status in ("waiting", "running"):
        assert time.monotonic() < until, told
        time.sleep(0.2)
    assert told.status == "finished", told.problem
    people = padan.allocation_people(asked.allocation_id, limit=5)
    assert (people.total, len(people.items)) == (20, 5)
    assert {one.participant_id for one in people.items} <= {*ids}
    assert padan.cancel_allocation(asked.allocation_id).status == "finished"
    assert asked.allocation_id in [one.allocation_id for one in padan.allocations().items]


def test_what_may_be_taken_and_what_to_take(padan: Any) -> None:
    described = Participant(region="Kota Kupang", interests=["kue kering"])
    cheap = CourseFilters(modes=("webinar",), max_price_idr=500_000)
    found = padan.recommend(participant=described, k=4, filters=cheap, language="en")
    assert found.participant_id is None
    assert {item.mode for item in found.items} == {"webinar"}
    wanted = [item.course_id for item in found.items]
    decided = padan.eligibility(participant=described, course_ids=wanted).courses
    assert [(one.course_id, one.eligible) for one in decided] == [(one, True) for one in wanted]
    planned = padan.plan(participant=described, max_courses=2, filters=cheap)
    assert len(planned.items) == 2
    assert planned.spent_idr == sum(item.price_idr for item in planned.items)


def test_why_a_training_may_not_be_taken(padan: Any) -> None:
    poor = Participant(region="Kota Kupang", balance_idr=0)
    course_id = padan.courses(limit=1).items[0].course_id
    (decided,) = padan.eligibility(participant=poor, course_ids=[course_id]).courses
    assert not decided.eligible
    assert "balance_too_low" in [reason.code for reason in decided.reasons]


def test_many_are_answered_each_by_itself(padan: Any, running_service: RunningService) -> None:
    known = running_service.dataset.read("participants")["participant_id"][0]
    requests = [RecommendationRequest(participant_id=name, k=2) for name in (known, "nobody")]
    first, second = padan.recommend_many(requests).answers
    assert first.problem is None
    assert first.answer.participant_id == known
    assert second.answer is None
    assert second.problem.status == 404


def test_what_the_service_answers_with(padan: Any) -> None:
    card = padan.model()
    assert card.simulated
    assert card.operations is None


def test_problems_are_raised_with_their_fields(padan: Any) -> None:
    with pytest.raises(PadanError, match="404 no participant has the id 'nobody'"):
        padan.participant("nobody")
    with pytest.raises(PadanError, match=r"region: .*Nowhere at all") as caught:
        padan.put_participant("p2", Profile(region="Nowhere at all"))
    assert caught.value.problem.status == 422
    assert [error.field for error in caught.value.problem.errors] == ["region"]
    with pytest.raises(PadanError, match=r"k: .*100"):
        padan.recommend(participant_id="p2", k=101)


@EITHER
def test_without_a_key_nothing_is_answered(
    kind: type[Padan] | type[AsyncPadan], running_service: RunningService
) -> None:
    with (
        open_client(kind, running_service.url) as stranger,
        pytest.raises(PadanError, match="401"),
    ):
        stranger.model()


@EITHER
def test_a_closed_client_asks_no_more(
    kind: type[Padan] | type[AsyncPadan], running_service: RunningService
) -> None:
    with open_client(kind, running_service.url, api_key=running_service.key) as padan:
        assert padan.model()
        getattr(padan, "close" if kind is Padan else "aclose")()
        with pytest.raises(RuntimeError, match="closed"):
            padan.model()


@EITHER
def test_a_service_that_is_not_there(kind: type[Padan] | type[AsyncPadan]) -> None:
    with (
        open_client(kind, "http://127.0.0.1:9") as padan,
        pytest.raises(httpx.ConnectError),
    ):
        padan.model()


def test_both_clients_have_the_same_methods_with_the_same_parameters() -> None:
    def methods(kind: type) -> dict[str, inspect.Signature]:
        own = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
        return {
            name: inspect.signature(value) for name, value in own.items() if "close" not in name
        }

    assert methods(Padan) == methods(AsyncPadan)
    assert len(methods(Padan)) == 27
    assert list(methods(Padan)["similar"].parameters) == ["self", "course_id", "k"]
    assert inspect.getdoc(AsyncPadan.recommend) == inspect.getdoc(Padan.recommend)
    assert inspect.iscoroutinefunction(AsyncPadan.recommend)


@pytest.mark.parametrize("number", range(2))
def test_the_readme_runs(
    number: int, running_service: RunningService, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    code = blocks[number].replace("http://127.0.0.1:8000", running_service.url)
    exec(code.replace('"..."', repr(running_service.key)), {})  # noqa: S102
    assert capsys.readouterr().out.strip()
