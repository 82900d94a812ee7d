"""Run files: anybody's ranking as a plain table, so that it can be compared with ours.

Parquet with the columns ``user, item, score``, or the six columns of a TREC run
(``user Q0 item rank score tag``, white space between them, any other file ending).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from evaluation.metrics import Ranked

COLUMNS = ("user", "item", "score")


def read_run(path: Path) -> pl.DataFrame:
    """Read a run as the columns user (String), item (String), score (Float64).

    Raises
    ------
    ValueError
        If a column is missing, or a line or a score cannot be read; the message names file and
        line.
    """
    if path.suffix == ".parquet":
        table = pl.read_parquet(path)
        missing = set(COLUMNS) - set(table.columns)
        if missing:
            raise ValueError(
                f"{path}: a run needs the columns {COLUMNS}, missing {sorted(missing)}"
            )
        table = table.select(
            pl.col("user", "item").cast(pl.String), pl.col("score").cast(pl.Float64)
        )
    else:
        table = _read_trec(path)
    bad = table.with_row_index("row").filter(
        pl.any_horizontal(pl.col(COLUMNS).is_null()) | pl.col("score").is_nan()
    )
    if len(bad):
        raise ValueError(f"{path}: row {bad['row'][0] + 1} has an empty user, item or score")
    return table


def to_ranking(
    run: pl.DataFrame, user_ids: pl.Series, item_ids: pl.Series, k: int
) -> tuple[Ranked, int]:
    """Put a run in the order of the users as integer ids, best first, padded with -1.

    Ties are broken by the item's id, so that the order in the file does not matter. Users of the
    run who are not asked for are left out; items that the catalogue does not hold are left out and
    counted.

    Parameters
    ----------
    run : polars.DataFrame
        Columns user, item, score.
    user_ids, item_ids : polars.Series of String, lengths U and N
        The id of each row of the ranking and of each integer item id.

    Returns
    -------
    ranked : ndarray of int32, shape (U, k)
    unknown_items : int
        Rows of asked users whose item is unknown.

    Raises
    ------
    ValueError
        If the run has none of the users, or an item twice for one user.
    """
    users = pl.DataFrame({"user": user_ids, "u": pl.int_range(len(user_ids), eager=True)})
    items = pl.DataFrame({"item": item_ids, "i": pl.int_range(len(item_ids), eager=True)})
    asked = run.join(users, on="user")
    if not len(asked):
        raise ValueError("the run has none of the users that are evaluated: do the ids agree?")
    known = asked.join(items, on="item")
    repeated = known.filter(pl.struct("u", "i").is_duplicated())
    if len(repeated):
        first = repeated.row(0, named=True)
        raise ValueError(f"user {first['user']}: item {first['item']} stands twice in the run")
    best = (
        known.sort(["u", "score", "item"], descending=[False, True, False])
        .with_columns(place=pl.int_range(pl.len()).over("u"))
        .filter(pl.col("place") < k)
    )
    ranked = np.full((len(user_ids), k), -1, dtype=np.int32)
    ranked[best["u"].to_numpy(), best["place"].to_numpy()] = best["i"].to_numpy()
    return ranked, len(asked) - len(known)


def write_run(
    path: Path,
    ranked: Ranked,
    scores: np.ndarray[tuple[int, ...], np.dtype[np.floating]],
    user_ids: pl.Series,
    item_ids: pl.Series,
) -> None:
    """Write a ranking with its scores as a Parquet run; padding is left out."""
    rows, places = np.nonzero(ranked >= 0)
    pl.DataFrame(
        {
            "user": user_ids.gather(rows),
            "item": item_ids.gather(ranked[rows, places]),
            "score": scores[rows, places].astype(np.float64),
        }
    ).write_parquet(path)


def _read_trec(path: Path) -> pl.DataFrame:
    lines = pl.Series("line", path.read_text(encoding="utf-8").splitlines(), dtype=pl.String)
    table = (
        lines.to_frame().with_row_index("row", offset=1).filter(pl.col("line").str.contains(r"\S"))
    )
    table = table.with_columns(fields=pl.col("line").str.extract_all(r"\S+"))
    odd = table.filter(pl.col("fields").list.len() != 6)
    if len(odd):
        raise ValueError(
            f"{path}: line {odd['row'][0]} has {len(odd['fields'][0])} fields, a TREC run has 6 "
            "(user Q0 item rank score tag)"
        )
    table = table.with_columns(
        user=pl.col("fields").list.get(0),
        item=pl.col("fields").list.get(2),
        score=pl.col("fields").list.get(4).cast(pl.Float64, strict=False),
    )
    bad = table.filter(pl.col("score").is_null())
    if len(bad):
        raise ValueError(f"{path}: line {bad['row'][0]}: the score is not a number")
    return table.select(COLUMNS)
