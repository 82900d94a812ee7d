"""Any order of registering, objecting, sending events and erasing, against a model of what must be held."""

from __future__ import annotations

from itertools import count
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

PARTICIPANTS = st.sampled_from(["a", "b", "c"])
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

        def path(self, participant: str) -> str:
            return f"/v1/participants/{self.name(participant)}"

        def name(self, thing: object) -> str:
            return f"{self.run}-{thing}"

        @rule(participant=PARTICIPANTS, interests=INTERESTS)
        def register(self, participant: str, interests: list[str]) -> None:
            answer = client.put(self.path(participant), json={"interests": interests})
            if participant in self.erased:
                assert answer.status_code == 410
                return
            assert answer.status_code == (200 if participant in self.profiles else 201)
            objects = self.profiles.get(participant, {}).get("profiling_opt_out", False)
            self.profiles[participant] = {"interests": interests, "profiling_opt_out": objects}

        @rule(participant=PARTICIPANTS, opt_out=st.booleans())
        def object_to_profiling(self, participant: str, opt_out: bool) -> None:
            answer = client.put(f"{self.path(participant)}/profiling", json={"opt_out": opt_out})
            assert answer.status_code == (200 if participant in self.profiles else 404)
            if participant in self.profiles:
                self.profiles[participant]["profiling_opt_out"] = opt_out

        @rule(batch=st.lists(st.tuples(EVENT_IDS, PARTICIPANTS), min_size=1, max_size=4))
        def send(self, batch: list[tuple[int, str]]) -> None:
            rows = [
                {
                    "event_id": self.name(number),
                    "participant_id": self.name(participant),
                    "course_id": "c",
                    "kind": "click",
                    "at": "2026-02-24T09:30:00Z",
                }
                for number, participant in batch
            ]
            known = dict(self.events)
            fine = not any(participant in self.erased for _, participant in batch)
            for row in rows:
                fine &= known.setdefault(row["event_id"], row) == row
            answer = client.post("/v1/events", json={"events": rows})
            assert answer.status_code == (202 if fine else 422), answer.text
            if fine:
                assert answer.json()["accepted"] == len(known) - len(self.events)
                self.events = known

        @rule(participant=PARTICIPANTS)
        def erase(self, participant: str) -> None:
            mine = self.events_of(participant)
            answer = client.delete(self.path(participant))
            if participant not in self.profiles and not mine:
                assert answer.status_code == 404
                return
            counts = {
                "participants": int(participant in self.profiles),
                "events": len(mine),
                "shown": 0,
                "allocation_people": 0,
            }
            assert answer.json()["counts"] == counts
            self.profiles.pop(participant, None)
            self.events = {k: v for k, v in self.events.items() if k not in mine}
            self.erased.add(participant)

        def events_of(self, participant: str) -> set[str]:
            owner = self.name(participant)
            return {k for k, v in self.events.items() if v["participant_id"] == owner}

        @invariant()
        def everything_is_held_and_nothing_more(self) -> None:
            for participant in ("a", "b", "c"):
                answer = client.get(f"{self.path(participant)}/export")
                mine = self.events_of(participant)
                if participant not in self.profiles and not mine:
                    assert answer.status_code == 404
                    continue
                held = answer.json()
                assert [one["event_id"] for one in held["events"]] == sorted(mine)
                profile = held["participant"] or {}
                expected = self.profiles.get(participant, {})
                assert {name: profile[name] for name in expected} == expected
                assert bool(profile) == bool(expected)

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
