"""`padan store`: the store's tables, keys, audit and retention."""

from __future__ import annotations

import datetime as dt
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import UNUSABLE, exit_on_bad_input, exit_where_strict

if TYPE_CHECKING:
    from store.database import Store
    from store.dataset_export import Export

NAMED = 5  # rows set aside that are named; the file has all

app = typer.Typer(help="The store of participants and events.", no_args_is_help=True)


class Scope(StrEnum):
    """What a key may do."""

    PORTAL = "portal"
    OFFICER = "officer"
    METRICS = "metrics"
    ADMIN = "admin"


@app.command()
def upgrade() -> None:
    """Make the tables, or bring them to the newest version."""
    from store.database import open_store

    with exit_on_bad_input():
        store = open_store()
        store.upgrade()
    typer.echo(f"{store.engine.url.render_as_string()}: up to date")


@app.command("add-key")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key; the audit names the client so.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
) -> None:
    """Make an API key and show it, this once."""
    from store import keys

    expires_at = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    with _open().writing() as connection:
        key = keys.create(connection, name, [one.value for one in scope], expires_at)
    typer.echo(key)


@app.command("keys")
def list_keys() -> None:
    """List the API keys, without their secrets."""
    from store import keys

    with _open().reading() as connection:
        found = keys.all_keys(connection)
    table = Table("key", "name", "scopes", "expires", "revoked")
    for key in found:
        ends = [str(moment or "") for moment in (key.expires_at, key.revoked_at)]
        table.add_row(key.key_id, key.name, ", ".join(key.scopes), *ends)
    Console().print(table)


@app.command("revoke-key")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Its id, as `keys` shows it.")]) -> None:
    """End an API key."""
    from store import keys

    with _open().writing() as connection:
        revoked = keys.revoke(connection, key_id)
    if not revoked:
        typer.echo(f"padan: no key '{key_id}' is in force; see `padan store keys`", err=True)
        raise typer.Exit(UNUSABLE)


@app.command()
def audit(participant_id: Annotated[str, typer.Argument(help="Whose entries.")]) -> None:
    """Show who did what with a participant's data, one line of JSON an entry."""
    from store.audit import read_entries

    store = _open()
    with store.reading() as connection:
        for entry in read_entries(connection, store.pseudonym(participant_id)):
            typer.echo(json.dumps(entry, default=str, ensure_ascii=False))


@app.command()
def prune() -> None:
    """Delete what is older than the settings *_retention_days, and what a file still has of it; run it daily."""
    from store import retention
    from store.audit import Entry, record
    from store.settings import StoreSettings

    with exit_on_bad_input():
        settings = StoreSettings()
    now, store = dt.datetime.now(dt.UTC), _open()
    with store.writing() as connection:
        pruned = retention.prune(
            connection,
            settings.participant_retention_days,
            settings.event_retention_days,
            settings.audit_retention_days,
            now,
            store.pseudonym,
        )
        record(connection, [Entry("padan store prune", "prune", decision=vars(pruned))])
    with exit_on_bad_input():
        store.compact()
    store.truncate_log()
    counts = ", ".join(f"{count:,} {name}" for name, count in vars(pruned).items())
    typer.echo(f"deleted: {counts}")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write a copy of the store; services may go on."""
    from store.backup import backup as write_copy

    with exit_on_bad_input():
        write_copy(_connect(), file)
    typer.echo(f"{file}: {file.stat().st_size:,} bytes")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What `backup` wrote.")]) -> None:
    """Put a copy in the place of all that the database holds, without who was erased since."""
    from store.audit import Entry, record
    from store.backup import restore as put_back

    with exit_on_bad_input():
        store = _connect()
        erased = put_back(store, file)
    with store.writing() as connection:
        record(connection, [Entry("padan store restore", "restore", decision={"erased": erased})])
    typer.echo(f"restored from {file}; erased again: {erased:,}")


@app.command()
def save(
    data: Annotated[Path, typer.Option(help="Dataset directory; made where it is not there.")],
) -> None:
    """Merge what the store holds into a dataset, to train on; take out of it who was erased."""
    from store import dataset_export as saving
    from store.erasure import exclude_listed
    from training_data.dataset import Dataset

    with exit_on_bad_input():
        dataset = exclude_listed(Dataset.open_or_create(data))
        exported = saving.export_dataset(_open(), dataset)
    for table, export in exported.items():
        merged = export.counts
        typer.echo(f"{table}: {merged.added:,} added, {merged.replaced:,} replaced")
        if export.set_aside:
            _name_set_aside(table, export)
    exit_where_strict(sum(len(export.set_aside) for export in exported.values()))


def _name_set_aside(table: str, export: Export) -> None:
    """Say which rows no dataset may hold; the first few by their id."""
    rows, key = export.set_aside, next(iter(export.set_aside[0]))
    typer.echo(f"padan: {table}: {len(rows):,} set aside, see {export.set_aside_file}", err=True)
    for row in rows[:NAMED]:
        typer.echo(f"padan: {table}: {key} '{row[key]}': {row['reason']}", err=True)


def _open() -> Store:
    with exit_on_bad_input():
        store = _connect()
        store.prepare()
    return store


def _connect() -> Store:
    """Return the store, of whatever version its tables are."""
    from store.database import open_store

    return open_store()
