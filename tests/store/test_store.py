"""The store: one suite, run against SQLite and against PostgreSQL."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from store import audit, events, impressions, keys, participants, retention
from store.database import Store, open_store
from store.dataset_export import export_dataset
from store.dataset_import import import_dataset
from store.erasure import erase, exclude_erased, exclude_listed, open_without_erased
from store.erasure_lists import append_to_lists, read_lists
from store.errors import StoreError
from store.revisions import read_revisions, renew_revisions
from store.tables import metadata
from training_data.columns import OWN_EVENT, Interactions, Participants
from training_data.dataset import Dataset, DatasetError
from training_data.simulation import simulate_dataset

NOW = dt.datetime(2026, 2, 24, 9, 30, tzinfo=dt.UTC)
EMPTY_EVENT = dict.fromkeys(Interactions.columns())
PARTICIPANT: dict[str, Any] = dict.fromkeys(Participants.columns()) | {
    "participant_id": "p1",
    "skills": ["memasak", "las"],
    "interests": [],
    "groups": [],
    "region_code": "53.71",
    "balance_idr": 3_500_000_000,
    "admitted_on": dt.date(2026, 1, 2),
    "profiling_opt_out": False,
}


def event(event_id: str, participant_id: str = "p1", **changes: Any) -> dict[str, Any]:
    plain = {"event_id": event_id, "participant_id": participant_id, "course_id": "c1"}
    return EMPTY_EVENT | plain | {"kind": "click", "at": NOW, "propensity": 0.3} | changes


def add(store: Store, *batch: dict[str, Any]) -> events.Added:
    with store.writing() as connection:
        return events.add(connection, batch, store.pseudonym)


def show(store: Store, request_id: str, participant_id: str = "p1", **changes: Any) -> None:
    plain: dict[str, Any] = {"at": NOW, "bundle_version": "b1", "items": [("c1", 1.0)]}
    with store.writing() as connection:
        one = impressions.ShownSlate(request_id, participant_id, **plain | changes)
        impressions.add(connection, [one], store.pseudonym)


def put(store: Store, **changes: Any) -> bool:
    with store.writing() as connection:
        return participants.put(connection, PARTICIPANT | changes, store.pseudonym)


def held_events(store: Store) -> list[str]:
    with store.reading() as connection:
        return sorted(connection.execute(sa.text("SELECT event_id FROM events")).scalars())


def count(store: Store, table: str) -> int:
    with store.reading() as connection:
        query = sa.select(sa.func.count()).select_from(metadata.tables[table])
        return connection.execute(query).scalar_one()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return simulate_dataset(tmp_path_factory.mktemp("dataset"), 60, dt.date(2024, 10, 1))


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not tell of those
def test_migrations_make_the_tables_that_the_code_describes(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.upgrade()  # again: nothing to do
    store.check_newest()


def test_a_store_without_tables_says_what_to_do(database_url: str) -> None:
    store = open_store(database_url)
    with pytest.raises(StoreError, match="padan store upgrade"):
        store.check_newest()
    store.engine.dispose()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StoreError, match="PADAN_DATABASE_URL"):
        open_store(url)


def test_a_participant_comes_back_under_contract(store: Store) -> None:
    assert put(store)
    add(store, event("e1"), event("e2", kind="impression"))
    with store.reading() as connection:
        found, did = participants.find(connection, ["nobody", "p1"])
        assert participants.read(connection, "p1") == PARTICIPANT
    assert found.to_dicts() == [PARTICIPANT]
    assert did["event_id"].to_list() == ["e1"]
    assert did["at"].to_list() == [NOW]
    Participants.validate(found)
    Interactions.validate(did)


def test_a_new_profile_leaves_the_objection_as_it_was(store: Store) -> None:
    put(store)
    with store.writing() as connection:
        assert participants.set_objection(connection, "p1", True)
        assert not participants.set_objection(connection, "nobody", True)
    assert not put(store, birth_year=1990)
    with store.reading() as connection:
        row = participants.read(connection, "p1")
    assert row == PARTICIPANT | {"birth_year": 1990, "profiling_opt_out": True}


def test_an_event_is_kept_once_however_often_it_is_sent(store: Store) -> None:
    assert add(store, event("e1"), event("e2")) == events.Added(accepted=2, repeated=0)
    assert add(store, event("e2"), event("e3"), event("e3")) == events.Added(1, 2)
    moved = NOW.astimezone(dt.timezone(dt.timedelta(hours=7)))
    assert add(store, event("e1", at=moved)) == events.Added(0, 1)  # the same moment
    assert held_events(store) == ["e1", "e2", "e3"]


@pytest.mark.parametrize("change", [{"course_id": "c2"}, {"value": 5.0}, {"position": 2}])
def test_a_batch_with_a_changed_event_is_refused_whole(store: Store, change: Any) -> None:
    add(store, event("e1"))
    with pytest.raises(events.EventRefusedError, match="'e1' is known with another") as caught:
        add(store, event("e8"), event("e1", **change))
    assert (caught.value.index, caught.value.field) == (1, next(iter(change)))
    with pytest.raises(events.EventRefusedError) as caught:
        add(store, event("e9"), event("e7"), event("e9", **change))
    assert caught.value.index == 2
    assert held_events(store) == ["e1"]


def test_batches_that_share_events_at_the_same_time_are_kept_once(store: Store) -> None:
    batches = [[event(f"e{(n + shift) % 40}") for n in range(40)] for shift in range(12)]
    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(lambda batch: add(store, *batch), batches))
    assert sum(one.accepted for one in added) == 40
    assert len(held_events(store)) == 40


def test_erasing_leaves_a_proof_and_no_trace(store: Store) -> None:
    put(store)
    put(store, participant_id="p2")
    add(store, event("e1"), event("e2"), event("e3", "p2"))
    subject = store.pseudonym("p1")
    with store.writing() as connection:
        proof = erase(connection, "p1", subject)
    assert proof is not None
    assert proof.counts == {
        "participants": 1,
        "events": 2,
        "shown": 0,
        "allocation_people": 0,
    }
    with store.writing() as connection:
        assert erase(connection, "p1", subject) is None
    for table in metadata.sorted_tables:
        with store.reading() as connection:
            rows = connection.execute(sa.select(table)).all()
        assert not any("p1" in map(str, row) for row in rows), table.name
    assert held_events(store) == ["e3"]


def test_the_erased_do_not_come_back(store: Store) -> None:
    put(store)
    with store.writing() as connection:
        erase(connection, "p1", store.pseudonym("p1"))
    with pytest.raises(participants.ErasedError):
        put(store)
    with pytest.raises(events.EventRefusedError, match="erased") as caught:
        add(store, event("e1", "p2"), event("e2"))
    assert caught.value.index == 1
    assert count(store, "participants") == count(store, "events") == 0


def test_an_erasure_and_events_at_the_same_time_leave_nothing(store: Store) -> None:
    def send(number: int) -> None:
        with contextlib.suppress(events.EventRefusedError):  # it came after the erasure
            add(store, event(f"e{number}"))

    def forget() -> None:
        with store.writing() as connection:
            erase(connection, "p1", store.pseudonym("p1"))

    put(store)
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(30)]
        erased = pool.submit(forget)
        sent += [pool.submit(send, number) for number in range(30, 60)]
    for one in [*sent, erased]:
        one.result()
    assert held_events(store) == []


def test_training_leaves_the_erased_out(store: Store, dataset: Dataset) -> None:
    gone, other = dataset.read("participants")["participant_id"].head(2)
    assert exclude_erased(dataset, store) is dataset
    import_dataset(store, dataset)
    with store.writing() as connection:
        erase(connection, gone, store.pseudonym(gone))
    remaining = exclude_erased(dataset, store)
    for table in ("participants", "interactions"):
        assert gone in dataset.read(table)["participant_id"]
        assert gone not in remaining.read(table)["participant_id"]
        assert gone not in remaining.scan(table).collect()["participant_id"]
        assert other in remaining.read(table)["participant_id"]
    assert remaining.read("courses").equals(dataset.read("courses"))


def test_a_dataset_is_imported_once_and_never_over_what_is_newer(
    store: Store, dataset: Dataset
) -> None:
    first = dataset.read("participants").row(0, named=True)
    gone = dataset.read("participants")["participant_id"][1]
    put(store, **first | {"birth_year": 1999})
    put(store, participant_id=gone)
    with store.writing() as connection:
        erase(connection, gone, store.pseudonym(gone))
    assert import_dataset(store, dataset)
    assert not import_dataset(store, dataset)
    left = exclude_erased(dataset, store)
    assert count(store, "participants") == left.read("participants").height == 59
    assert count(store, "events") == left.read("interactions").height
    with store.reading() as connection:
        row = participants.read(connection, first["participant_id"])
        ids = dataset.read("participants")["participant_id"][2:5].to_list()
        found, did = participants.find(connection, ids)
    assert row is not None
    assert row["birth_year"] == 1999
    own = dataset.read("participants")[2:5]
    assert found.equals(own)
    mine = dataset.read("interactions").filter(
        Interactions.participant_id.col.is_in(ids), Interactions.kind.col != "impression"
    )
    assert did.sort("event_id").equals(mine.sort("event_id"))


def test_what_came_in_is_exported_to_a_dataset_without_the_erased(
    store: Store, dataset: Dataset, tmp_path: Path
) -> None:
    copy = Dataset.create(tmp_path / "copy", dataset.info)
    for table in dataset.tables():
        copy.write(table, dataset.read(table))
    gone = dataset.read("participants")["participant_id"][1]
    import_dataset(store, dataset)
    with store.writing() as connection:
        erase(connection, gone, store.pseudonym(gone))
    put(store)
    add(store, event("e1"))
    counts = {name: export.counts for name, export in export_dataset(store, copy).items()}
    assert (counts["participants"].added, counts["participants"].replaced) == (1, 59)
    assert counts["interactions"].added == 1
    for table in ("participants", "interactions"):
        rows = copy.read(table)
        assert gone not in rows["participant_id"]
        kept = rows.filter(pl.col("participant_id") != "p1")
        before = dataset.read(table).filter(pl.col("participant_id") != gone)
        key = before.columns[0]
        assert kept.sort(key).equals(before.sort(key))
    assert copy.read("participants").filter(pl.col("participant_id") == "p1").to_dicts() == [
        PARTICIPANT
    ]
    assert copy.read("courses").equals(dataset.read("courses"))


def test_the_files_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "store.sqlite"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    put(store)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    files = list(path.parent.glob("store.sqlite*"))
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    path.chmod(0o644)
    open_store(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


def test_replacing_changes_no_entry(store: Store) -> None:
    put(store)
    with store.writing() as connection:
        audit.record(connection, [audit.Entry("portal", "read")])
        erase(connection, "p1", store.pseudonym("p1"))
    for table, key, value in (("audit", "entry", "actor"), ("erasures", "subject", "counts")):
        asked = f"SELECT {key}, at, {value} FROM {table}"  # noqa: S608
        with store.reading() as connection:
            before = connection.exec_driver_sql(asked).all()
        names = "entry, at, actor, action" if table == "audit" else "subject, at, counts"
        values = f"{key}, at, 'null'" + (", action" if table == "audit" else "")
        replace = (
            f"REPLACE INTO {table} ({names}) SELECT {values} FROM {table}"  # noqa: S608
            if store.engine.dialect.name == "sqlite"
            else f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} "  # noqa: S608
            f"ON CONFLICT ({key}) DO UPDATE SET {value} = EXCLUDED.{value}"
        )
        refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
        with refused, store.writing() as connection:
            connection.exec_driver_sql(replace)
        with store.reading() as connection:
            assert connection.exec_driver_sql(asked).all() == before


@pytest.mark.parametrize("table", ["audit", "erasures"])
@pytest.mark.parametrize("change", ["DELETE FROM {0}", "UPDATE {0} SET subject = 'x'"])
def test_the_audit_and_the_proofs_refuse_changes(store: Store, table: str, change: str) -> None:
    put(store)
    with store.writing() as connection:
        audit.record(connection, [audit.Entry("portal", "read", store.pseudonym("p1"))])
        erase(connection, "p1", store.pseudonym("p1"))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.writing() as connection:
        connection.exec_driver_sql(change.format(table))
    assert count(store, table) == 1


def test_the_audit_keeps_order_and_decisions(store: Store) -> None:
    subject = store.pseudonym("p1")
    entries = [
        audit.Entry("portal", "recommend", subject, "r1", "b1", "rules@1", {"c1": ["near"]}),
        audit.Entry("portal", "read", store.pseudonym("p2")),
        audit.Entry("portal", "read", subject[:8] + "0" * 56),
        audit.Entry("officer", "export", subject),
    ]
    with store.writing() as connection:
        audit.record(connection, entries)
        found = audit.read_entries(connection, subject)
    assert [entry["action"] for entry in found] == ["recommend", "export"]
    assert found[0]["decision"] == {"c1": ["near"]}
    assert "p1" not in str(found)


def test_the_audit_of_one_participant_is_not_searched_through(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a table of few rows as a whole")
    plans: list[str] = []

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        found = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[-1] for row in found)

    with store.reading() as connection:
        audit.read_entries(connection, store.pseudonym("p1"))
    assert any("USING INDEX audit_of_subject" in plan for plan in plans)


def test_pseudonyms_differ_between_stores_and_last(store: Store, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.upgrade()
    assert store.pseudonym("p1") != other.pseudonym("p1")
    assert store.pseudonym("p1") == Store(store.engine).pseudonym("p1")
    other.engine.dispose()


def test_a_key_opens_until_it_expires_or_is_revoked(store: Store) -> None:
    with store.writing() as connection:
        written = keys.create(connection, "portal", ["portal"], NOW)
    key_id, secret = keys.split_key(written) or ("", "")
    with store.reading() as connection:
        key = keys.find(connection, key_id)
        assert keys.find(connection, "unknown") is None
        everything = connection.execute(sa.text("SELECT * FROM api_keys")).all()
    assert key is not None
    assert secret not in str(everything)
    before, later = NOW - dt.timedelta(seconds=1), NOW + dt.timedelta(seconds=1)
    assert key.accepts(secret, before)
    assert not key.accepts(secret, later)
    assert not key.accepts(secret + "x", before)
    with store.writing() as connection:
        assert keys.revoke(connection, key_id)
        assert not keys.revoke(connection, key_id)
        revoked = keys.all_keys(connection)[0]
    assert not revoked.accepts(secret, before)


@pytest.mark.parametrize("text", ["", "padan", "padan_", "padan_ab", "other_ab_cd", "padan__cd"])
def test_what_is_no_key_has_no_parts(text: str) -> None:
    assert keys.split_key(text) is None


def test_retention_deletes_what_is_too_old_and_nothing_else(store: Store) -> None:
    put(store, participant_id="silent")
    put(store, participant_id="heard")
    add(store, event("old", "heard", at=NOW - dt.timedelta(days=400)), event("new", "heard"))
    show(store, "old", "heard", at=NOW - dt.timedelta(days=400))
    show(store, "new", "heard")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=20)
    with store.writing() as connection:
        connection.execute(
            sa.update(metadata.tables["participants"]).values(changed_at=NOW - dt.timedelta(999))
        )
        days = (later - NOW).days + 100
        pruned = retention.prune(connection, 100, days, 365, later, store.pseudonym)
    assert pruned == retention.Pruned(participants=1, events=1, shown=1, audit=0)
    assert held_events(store) == ["new"]
    assert count(store, "shown") == 1
    with store.reading() as connection:
        assert participants.read(connection, "heard")
        assert participants.read(connection, "silent") is None


def test_the_audit_lets_go_of_what_is_older_than_a_year(store: Store) -> None:
    now = dt.datetime.now(dt.UTC)
    with store.writing() as connection:
        for age in (400, 300):
            entry = audit.Entry("portal", "read")._asdict() | {"at": now - dt.timedelta(days=age)}
            connection.execute(sa.insert(metadata.tables["audit"]), entry)
    with store.writing() as connection:
        assert retention.prune(connection, 999, 999, 365, now, store.pseudonym).audit == 1
    assert count(store, "audit") == 1
    refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
    with refused, store.writing() as connection:
        retention.prune(connection, 999, 999, 100, now, store.pseudonym)
    assert count(store, "audit") == 1


@pytest.mark.parametrize("request_id", ["r1", "r" * 128])
def test_an_event_of_any_id_and_the_lists_shown_are_exported_together(
    store: Store, tmp_path: Path, request_id: str
) -> None:
    put(store)
    show(store, request_id, items=[("c1", 1.0), ("c2", 0.25)])
    sent = [f"{request_id}:1"[-128:], "r1:1", "r1:2"]
    with store.writing() as connection:
        events.add(connection, [event(one, "p1") for one in dict.fromkeys(sent)], store.pseudonym)
    copy = simulate_dataset(tmp_path / "copy", 5, NOW.date())
    for _ in range(2):
        export_dataset(store, copy)
        rows = copy.read("interactions").filter(pl.col("participant_id") == "p1")
        assert len(rows) == 2 + len(set(sent))


def prune_all(store: Store) -> retention.Pruned:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=50)
    with store.writing() as connection:
        return retention.prune(connection, 10, 9_999, 9_999, later, store.pseudonym)


def test_the_pruned_come_back_by_themselves_alone(store: Store, tmp_path: Path) -> None:
    dataset = simulate_dataset(tmp_path / "copy", 20, dt.date(2024, 10, 1))
    import_dataset(store, dataset)
    first, second = dataset.read("participants")["participant_id"].head(2)
    assert prune_all(store).participants == 20
    assert count(store, "events") == 0
    dataset.merge("courses", dataset.read("courses").head(1).with_columns(title=pl.lit("new")))
    assert import_dataset(store, dataset)
    assert count(store, "participants") == count(store, "events") == 0
    put(store, participant_id=first)
    export_dataset(store, dataset)
    assert dataset.read("participants")["participant_id"].to_list() == [first]
    assert second not in dataset.read("interactions")["participant_id"]


def test_the_pruned_can_still_be_erased_with_proof(store: Store) -> None:
    put(store)
    assert prune_all(store).participants == 1
    with store.writing() as connection:
        proof = erase(connection, "p1", store.pseudonym("p1"))
        assert erase(connection, "p2", store.pseudonym("p2")) is None
    assert proof is not None
    with pytest.raises(participants.ErasedError):
        put(store)


def test_an_erasure_beside_a_load_is_on_the_datasets_list(store: Store, tmp_path: Path) -> None:
    dataset = simulate_dataset(tmp_path, 10, dt.date(2024, 10, 1))
    put(store)
    with ThreadPoolExecutor(1) as pool:
        with store.writing() as connection:
            assert erase(connection, "p1", store.pseudonym("p1"))
            loaded = pool.submit(import_dataset, store, dataset)
            with contextlib.suppress(TimeoutError):
                loaded.result(timeout=0.3)
        assert loaded.result()
    (found,) = read_lists(dataset.folder)
    assert found.holds("p1")


def test_erasures_travel_with_the_dataset(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = simulate_dataset(tmp_path / "copy", 20, dt.date(2024, 10, 1))
    import_dataset(store, dataset)
    gone, *others = dataset.read("participants")["participant_id"]
    with store.writing() as connection:
        proof = erase(connection, gone, store.pseudonym(gone))
    assert proof
    append_to_lists(store, proof.subject)
    monkeypatch.setenv("PADAN_HOME", str(tmp_path / "another"))
    monkeypatch.delenv("PADAN_DATABASE_URL", raising=False)
    read = open_without_erased(dataset.folder)
    assert read.read("participants")["participant_id"].to_list() == others
    assert gone not in read.scan("interactions").collect()["participant_id"]
    another = open_store()
    import_dataset(another, exclude_listed(dataset))
    assert count(another, "participants") == len(others)
    damaged = next(dataset.folder.glob("erased-*.txt"))
    damaged.write_text("nobody\n")
    with pytest.raises(DatasetError, match=damaged.name):
        open_without_erased(dataset.folder)


def test_shown_lists_become_impressions(store: Store, tmp_path: Path) -> None:
    put(store)
    show(store, "r1", items=[("c1", 1.0), ("c2", 0.25)])
    show(store, "r1", items=[("c1", 1.0), ("c2", 0.25)], bundle_version="b2")  # the same one again
    with store.reading() as connection:
        exported = participants.read_events(connection, "p1")
    copy = simulate_dataset(tmp_path / "copy", 5, NOW.date())
    before = len(copy.read("interactions"))
    export_dataset(store, copy)
    rows = copy.read("interactions").filter(pl.col("participant_id") == "p1")
    assert len(copy.read("interactions")) == before + 2
    for found in (exported, rows.sort("position").to_dicts()):
        assert all(one["event_id"].startswith(OWN_EVENT) for one in found)
        assert [one["course_id"] for one in found] == ["c1", "c2"]
        assert [one["propensity"] for one in found] == [1.0, 0.25]
        assert {one["kind"] for one in found} == {"impression"}
        assert {one["bundle_version"] for one in found} == {"b1"}
        assert {one["at"] for one in found} == {NOW}


def test_no_list_is_lost_where_a_request_id_comes_twice(store: Store, tmp_path: Path) -> None:
    lists = [("p1", [("c1", 1.0)]), ("p2", [("c1", 1.0)]), ("p1", [("c2", 1.0)])]
    for _ in range(2):
        for participant_id, items in lists:
            show(store, "r1", participant_id, items=items)
    with store.writing() as connection:
        both = [impressions.ShownSlate("r2", who, NOW, "b1", what) for who, what in lists]
        impressions.add(connection, [*both, *both], store.pseudonym)
    copy = Dataset.create(tmp_path / "copy")
    export_dataset(store, copy)
    rows = copy.read("interactions")
    wanted = {(who, what[0][0]) for who, what in lists}
    for request in ("r1", "r2"):
        of_it = rows.filter(pl.col("request_id").str.starts_with(request))
        assert len(of_it) == len(lists)
        assert set(of_it.select("participant_id", "course_id").iter_rows()) == wanted


@pytest.mark.parametrize("event_id", ["r1:1", "r1:0", "r1", "1", "r1:1:1", "Shown:r1:1"])
def test_an_event_with_an_impressions_id_of_old_spoils_nothing(
    store: Store, tmp_path: Path, event_id: str
) -> None:
    show(store, "r1")
    add(store, event(event_id))
    copy = Dataset.create(tmp_path / "copy")
    assert not export_dataset(store, copy)["interactions"].set_aside
    sent, made = sorted(copy.read("interactions")["event_id"])
    assert sent == event_id
    assert made.startswith(OWN_EVENT)


def test_a_dataset_that_comes_back_to_its_store_doubles_nothing(
    store: Store, tmp_path: Path
) -> None:
    put(store)
    show(store, "r1")
    copy = Dataset.create(tmp_path / "copy")
    export_dataset(store, copy)
    import_dataset(store, copy)
    with store.reading() as connection:
        assert len(participants.read_events(connection, "p1")) == 1
    export_dataset(store, copy)
    (made,) = copy.read("interactions")["event_id"]
    assert made.startswith(OWN_EVENT)


BAD = {"position": -3, "kind": "stared", "value": "much", "course_id": ""}


def test_rows_that_no_dataset_may_hold_are_set_aside_and_named(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")  # it takes a value of any type
    store.upgrade()
    put(store)
    put(store, participant_id="p2", birth_year=1990)
    add(store, event("good"), *(event(name) for name in BAD))
    with store.writing() as connection:
        for name, value in BAD.items():
            change = f"UPDATE events SET {name} = ? WHERE event_id = ?"  # noqa: S608
            connection.exec_driver_sql(change, (value, name))
        connection.exec_driver_sql("UPDATE participants SET birth_year = 3 WHERE birth_year = 1990")
    copy = Dataset.create(tmp_path / "copy")
    exported = export_dataset(store, copy)
    assert copy.read("interactions")["event_id"].to_list() == ["good"]
    assert copy.read("participants")["participant_id"].to_list() == ["p1"]
    aside = {row["event_id"]: row["reason"] for row in exported["interactions"].set_aside}
    assert aside.keys() == BAD.keys()
    assert "position" in aside["position"]
    assert [row["participant_id"] for row in exported["participants"].set_aside] == ["p2"]
    kept = pl.read_ndjson(exported["interactions"].set_aside_file)
    assert set(kept["event_id"]) == BAD.keys()
    with store.writing() as connection:
        erase(connection, "p1", store.pseudonym("p1"))
    assert not export_dataset(store, copy)["interactions"].set_aside_file.exists()


def test_what_the_erased_were_shown_goes_and_stays_away(store: Store) -> None:
    put(store)
    show(store, "r1")
    show(store, "r2", "p2")
    with store.writing() as connection:
        proof = erase(connection, "p1", store.pseudonym("p1"))
    assert proof
    assert proof.counts == {"participants": 1, "events": 0, "shown": 1, "allocation_people": 0}
    show(store, "r3")  # a list that was still on its way
    with store.reading() as connection:
        held = connection.execute(sa.select(metadata.tables["shown"].c.request_id)).scalars()
        assert list(held) == ["r2"]


def test_a_persistent_connection_sees_each_change_and_outlasts_its_end(store: Store) -> None:
    persistent, names = store.persistent_connection(), ["p1"]

    def read() -> dict[str, str]:
        return persistent.run(lambda connection: read_revisions(connection, names))

    try:
        assert read() == {}
        put(store)
        first = read()["p1"]
        with store.writing() as connection:
            renew_revisions(connection, names)
        assert read()["p1"] != first
        with pytest.raises(sa.exc.DBAPIError):
            persistent.run(lambda connection: connection.exec_driver_sql("SELECT no_such_column"))
        assert set(read()) == {"p1"}
        persistent.run(lambda connection: connection.connection.dbapi_connection.close())
        assert set(read()) == {"p1"}
    finally:
        persistent.close()


def test_errors_do_not_tell_what_was_sent(store: Store) -> None:
    insert = sa.insert(metadata.tables["participants"])
    row = PARTICIPANT | {"occupation": "rahasia", "changed_at": None}
    with pytest.raises(sa.exc.DBAPIError) as caught, store.writing() as connection:
        connection.execute(insert, row)
    ours, _, _of_the_server = str(caught.value).partition("DETAIL")
    assert "rahasia" not in ours


def test_what_is_erased_is_overwritten_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    put(store, participant_id="whoever-0123456789", interests=["beternak-kelinci-0123456789"])
    with store.writing() as connection:
        erase(connection, "whoever-0123456789", store.pseudonym("whoever-0123456789"))
    with store.reading() as reader:  # as a service has connections open all the time
        assert count(store, "erasures") == 1
        reader.rollback()
        assert store.truncate_log()
        found = [file.read_bytes() for file in tmp_path.glob("store.sqlite*")]
    assert not any(b"0123456789" in content for content in found)
    store.engine.dispose()
    assert all(b"0123456789" not in file.read_bytes() for file in tmp_path.glob("store.sqlite*"))


def test_no_copy_of_who_was_erased_stays_between_the_rows(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    store = open_store(f"sqlite:///{file}")
    store.upgrade()
    # pages are so divided that copies of rows are left in the space between
    chance = random.Random(10)  # noqa: S311
    kept = {"changed_at": NOW, "revision": "0" * 32}
    people = [
        PARTICIPANT
        | kept
        | {"participant_id": f"somebody-{number}-", "skills": ["x" * chance.randint(1, 700)]}
        for number in range(400)
    ]
    chance.shuffle(people)
    gone = [person["participant_id"] for person in people[::2]]
    with store.writing() as connection:
        connection.execute(sa.insert(metadata.tables["participants"]), people)
    with store.writing() as connection:
        for participant_id in gone:
            erase(connection, participant_id, store.pseudonym(participant_id))
    store.truncate_log()
    assert any(name.encode() in file.read_bytes() for name in gone)
    store.compact()
    store.truncate_log()
    assert not any(name.encode() in file.read_bytes() for name in gone)
    assert count(store, "participants") == 200
