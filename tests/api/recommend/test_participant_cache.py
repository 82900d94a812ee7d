"""Participants by id: a store on this machine answers without waiting, and nothing is believed for longer."""

from __future__ import annotations

from pathlib import Path

from api.recommend.participant_cache import ParticipantCache
from store import participants
from store.database import open_store
from store.erasure import erase
from store.revisions import renew_revisions
from tests.store.test_store import PARTICIPANT


def test_a_kept_participant_is_found_without_waiting_until_something_changes(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.prepare()
    with store.writing() as connection:
        participants.put(connection, PARTICIPANT, store.pseudonym)
    cache, known = ParticipantCache(store, 10), PARTICIPANT["participant_id"]
    try:
        assert cache.find_without_waiting([known]) is None  # not kept yet
        (participant,) = cache.find([known])
        assert cache.find_without_waiting([known, "nobody"]) == [participant, None]
        with store.writing() as connection:
            renew_revisions(connection, [known])
        assert cache.find_without_waiting([known]) is None
        (changed,) = cache.find([known])
        assert changed is not participant
        assert cache.find_without_waiting([known]) == [changed]
        assert cache._non_blocking
        cache._non_blocking.close()  # it cannot tell any more, so the other way is taken
        assert cache.find_without_waiting([known]) is None
        assert cache.find([known]) == [changed]
    finally:
        cache.close()


def test_a_sweep_forgets_whom_another_process_erased_or_changed(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.prepare()
    names = ["p1", "p2", "p3"]
    with store.writing() as connection:
        for name in names:
            participants.put(connection, PARTICIPANT | {"participant_id": name}, store.pseudonym)
    cache = ParticipantCache(store, 10)
    try:
        cache.find(names)
        with store.writing() as connection:
            erase(connection, "p1", store.pseudonym("p1"))
            participants.set_objection(connection, "p2", opt_out=True)
        cache.sweep()
        assert [cache.find_kept(name) is not None for name in names] == [False, False, True]
    finally:
        cache.close()


def test_a_small_cache_finds_all_who_are_asked_for_together(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.prepare()
    names = ["p1", "p2", "p3"]
    with store.writing() as connection:
        for name in names:
            participants.put(connection, PARTICIPANT | {"participant_id": name}, store.pseudonym)
    cache = ParticipantCache(store, 1)
    try:
        for together in (names[2:], names, names[::-1]):
            found = cache.find([*together, "nobody"])
            assert [one and one.rows.profile[0] for one in found] == [*together, None]
    finally:
        cache.close()
