"""Any order of registering, objecting, sending events and erasing, against a model of what must be held."""

from __future__ import annotations

from itertools import count
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

PEOPLE = st.sampled_from(["a", "b", "c"])
EVENT_IDS = st.integers(0, 5)
INTERESTS = st.sampled_from([[], ["kue"], ["las", "kue"]])
run_number = count()


def machine_for(client: TestClient) -> type[RuleBasedStateMachine]:
    class Portal(RuleBasedStateMachine):
        """What a portal does; ids are new in every run, so that runs share a store."""

        def __init__(self) -> None:
            super().__init__()
            self.run = next(run_number)
            self.profiles: dict[str, dict[str, Any]] = {}
            self.events: dict[str, dict[str, Any]] = {}
            self.erased: set[str] = set()

        def path(self, person: str) -> str:
            return f"/v1/participants/{self.name(person)}"

        def name(self, thing: object) -> str:
            return f"{self.run}-{thing}"

        @rule(person=PEOPLE, interests=INTERESTS)
        def register(self, person: str, interests: list[str]) -> None:
            answer = client.put(self.path(person), json={"interests": interests})
            if person in self.erased:
                assert answer.status_code == 410
                return
            assert answer.status_code == (200 if person in self.profiles else 201)
            objects = self.profiles.get(person, {}).get("profiling_opt_out", False)
            self.profiles[person] = {"interests": interests, "profiling_opt_out": objects}

        @rule(person=PEOPLE, opt_out=st.booleans())
        def object_to_profiling(self, person: str, opt_out: bool) -> None:
            answer = client.put(f"{self.path(person)}/profiling", json={"opt_out": opt_out})
            assert answer.status_code == (200 if person in self.profiles else 404)
            if person in self.profiles:
                self.profiles[person]["profiling_opt_out"] = opt_out

        @rule(batch=st.lists(st.tuples(EVENT_IDS, PEOPLE), min_size=1, max_size=4))
        def send(self, batch: list[tuple[int, str]]) -> None:
            rows = [
                {
                    "event_id": self.name(number),
                    "participant_id": self.name(person),
                    "course_id": "c",
                    "kind": "click",
                    "at": "2026-02-24T09:30:00Z",
                }
                for number, person in batch
            ]
            known = dict(self.events)
            fine = not any(person in self.erased for _, person in batch)
            for row in rows:
                fine &= known.setdefault(row["event_id"], row) == row
            answer = client.post("/v1/events", json={"events": rows})
            assert answer.status_code == (202 if fine else 422), answer.text
            if fine:
                assert answer.json()["accepted"] == len(known) - len(self.events)
                self.events = known

        @rule(person=PEOPLE)
        def erase(self, person: str) -> None:
            mine = self.events_of(person)
            answer = client.delete(self.path(person))
            if person not in self.profiles and not mine:
                assert answer.status_code == 404
                return
            counts = {"participants": int(person in self.profiles), "events": len(mine), "shown": 0}
            assert answer.json()["counts"] == counts
            self.profiles.pop(person, None)
            self.events = {k: v for k, v in self.events.items() if k not in mine}
            self.erased.add(person)

        def events_of(self, person: str) -> set[str]:
            owner = self.name(person)
            return {k for k, v in self.events.items() if v["participant_id"] == owner}

        @invariant()
        def everything_is_held_and_nothing_more(self) -> None:
            for person in ("a", "b", "c"):
                answer = client.get(f"{self.path(person)}/export")
                mine = self.events_of(person)
                if person not in self.profiles and not mine:
                    assert answer.status_code == 404
                    continue
                held = answer.json()
                assert [one["event_id"] for one in held["events"]] == sorted(mine)
                profile = held["participant"] or {}
                wanted = self.profiles.get(person, {})
                assert {name: profile[name] for name in wanted} == wanted
                assert bool(profile) == bool(wanted)

    return Portal


def test_the_store_follows_the_model(client: TestClient) -> None:
    run_state_machine_as_test(
        machine_for(client),
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
