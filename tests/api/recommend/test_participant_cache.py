"""Participants by id: a store on this machine is asked at once, and none of it is believed for longer."""

from __future__ import annotations

from pathlib import Path

from api.recommend.participant_cache import People
from store import participants
from store.database import open_store
from store.revisions import renew
from tests.store.test_store import PERSON


def test_who_is_kept_is_found_at_once_until_something_changes(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.prepare()
    with store.writing() as connection:
        participants.put(connection, PERSON, store.pseudonym)
    people, known = People(store, 10), PERSON["participant_id"]
    try:
        assert people.find_at_once([known]) is None  # not kept yet
        (person,) = people.find([known])
        assert people.find_at_once([known, "nobody"]) == [person, None]
        with store.writing() as connection:
            renew(connection, [known])
        assert people.find_at_once([known]) is None
        (changed,) = people.find([known])
        assert changed is not person
        assert people.find_at_once([known]) == [changed]
        assert people._at_once
        people._at_once.close()  # it cannot tell any more, so the other way is taken
        assert people.find_at_once([known]) is None
        assert people.find([known]) == [changed]
    finally:
        people.close()
