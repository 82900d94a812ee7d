"""What was decided before: seats that are kept, places that were offered, and what was refused."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.matching.pairs import Pairs
from recommender.matching.problem import Seated
from recommender.matching.request import PAIR, Request
from recommender.matching.rounds import Limits
from recommender.matching.settings import AllocateSettingsError
from training_data.columns import Classes, Participants

P, K = Participants, Classes


def check_decided(request: Request) -> None:
    """Refuse what was accepted beyond the seats, and what was accepted and refused at once."""
    if request.participants.is_empty():
        raise AllocateSettingsError("participants: nobody stands in the table")
    accepted = request.accepted.select([*PAIR])
    both = accepted.join(request.refused, on=[*PAIR], how="semi")
    if len(both):
        person, class_ = both.row(0)
        raise AllocateSettingsError(f"accepted: {person!r} has refused {class_!r}, too")
    taken = accepted.group_by(K.class_id.name).len("taken")
    over = taken.join(request.classes, on=K.class_id.name).filter(
        pl.col("taken") > K.seats_left.col
    )
    for one in over.sort(K.class_id.name).head(1).iter_rows(named=True):
        raise AllocateSettingsError(
            f"accepted: {one['taken']} people stand there for class {one[K.class_id.name]!r}, "
            f"which has {one[K.seats_left.name]} seats to give"
        )


def check_together(
    fixed: Seated, limits: Limits, participant_ids: tuple[str, ...], class_ids: tuple[str, ...]
) -> None:
    """Refuse two accepted classes of one person that nobody is given together."""
    for number in range(1, fixed.shape[1]):
        people = np.flatnonzero(fixed[:, number] >= 0)
        bad = limits.find_conflicts(people, fixed[people, number], fixed[:, :number])
        for person in people[bad][:1]:
            names = " and ".join(repr(class_ids[one]) for one in fixed[person, : number + 1])
            raise AllocateSettingsError(
                f"accepted: {participant_ids[person]!r} cannot have {names} together: they are of one "
                "training, meet on a day, or are more than the balance pays or the programme permits; "
                "take one of them out"
            )


def look_up_decisions(
    rows: pl.DataFrame,
    participant_ids: tuple[str, ...],
    class_ids: tuple[str, ...],
    name: str,
    most: int = 1,
) -> NDArray[np.int32]:
    """Return the classes of each person that a table names, ``most`` at most, padded with -1."""
    people = {one: row for row, one in enumerate(participant_ids)}
    classes = {one: row for row, one in enumerate(class_ids)}
    found: dict[int, list[int]] = {}
    for person, class_ in rows.select(P.participant_id.name, K.class_id.name).iter_rows():
        if class_ not in classes:
            raise AllocateSettingsError(f"{name}: no class {class_!r} among the classes")
        if person not in people:
            raise AllocateSettingsError(f"{name}: no participant {person!r}")
        own = found.setdefault(people[person], [])
        own.append(classes[class_])
        if len(own) > most or len({*own}) < len(own):
            raise AllocateSettingsError(
                f"{name}: {person!r} stands there more than {'once' if most == 1 else f'{most} times'}"
            )
    table = np.full((len(participant_ids), most), -1, dtype=np.int32)
    for row, own in found.items():
        table[row, : len(own)] = own
    return table


def are_among(
    pairs: Pairs, rows: pl.DataFrame, participant_ids: tuple[str, ...], class_ids: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Return which pairs a table names."""
    people = {one: row for row, one in enumerate(participant_ids)}
    classes = {one: row for row, one in enumerate(class_ids)}
    named = [
        people[person] * len(classes) + classes[class_]
        for person, class_ in rows.iter_rows()
        if person in people and class_ in classes
    ]
    return np.isin(pairs.people * len(classes) + pairs.classes, named)
