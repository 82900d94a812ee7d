"""`padan allocate` from files to files, on a trained bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from models.bundles.promotion import current
from recommender.bundle.bundle import load_bundle
from recommender.eligibility.mask import build_list_mask
from training_data.columns import Interactions
from training_data.dataset import Dataset


@pytest.fixture
def files(tiny_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command before people who are new, and classes with two seats at most."""
    monkeypatch.setenv("PADAN_HOME", str(tiny_home))
    dataset = Dataset.open(tiny_home / "simulated")
    people, classes = dataset.read("participants"), dataset.read("classes")
    few = pl.min_horizontal("seats_left", pl.lit(2, pl.Int32)).alias("seats_left")
    entered_today = pl.lit(None, pl.Date).alias("admitted_on")
    people.with_columns(entered_today).write_parquet(tmp_path / "participants.parquet")
    classes.filter(pl.int_range(pl.len()) % 12 == 0).with_columns(few).write_parquet(
        tmp_path / "classes.parquet"
    )
    return [
        "allocate",
        "--participants",
        str(tmp_path / "participants.parquet"),
        "--classes",
        str(tmp_path / "classes.parquet"),
        "--out",
        str(tmp_path / "out"),
    ]


def invoke(command: list[str]) -> tuple[int, str]:
    result = CliRunner().invoke(app, command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_seats_are_given_to_who_may_have_them_and_verified(
    files: list[str], tiny_home: Path, tmp_path: Path
) -> None:
    code, output = invoke([*files, "--commit"])
    assert code == 0, output
    kept = (Path(files[-1]) / "commitment.json").read_bytes()
    code, output = invoke(files)
    assert code == 0, output
    out = Path(files[-1])
    given = pl.read_parquet(out / "assignments.parquet")
    without = pl.read_parquet(out / "unserved.parquet")
    people = pl.read_parquet(tmp_path / "participants.parquet")
    classes = pl.read_parquet(tmp_path / "classes.parquet")
    assert given.height > 0
    assert given["participant_id"].n_unique() == given.height
    assert sorted([*given["participant_id"], *without["participant_id"]]) == sorted(
        people["participant_id"]
    )
    taken = given.group_by("class_id").len().join(classes, on="class_id")
    assert (taken["len"] <= taken["seats_left"]).all()
    engine = load_bundle(current(tiny_home / "bundles")).engine
    read = engine.prepare(people, Interactions.create_empty(), engine.programme.today())
    mask = build_list_mask(engine.query(read))
    row = {name: number for number, name in enumerate(people["participant_id"])}
    course = dict(classes.select("class_id", "course_id").iter_rows())
    for person, class_ in given.select("participant_id", "class_id").iter_rows():
        assert mask[row[person], engine.catalogue.index[course[class_]]]
    assert json.loads((out / "summary.json").read_text())["served"] == given.height
    assert invoke([*files[:1], "--out", files[-1], "--reveal"])[0] == 0
    (tmp_path / "kept.json").write_bytes(kept)
    verify = ["allocate", "verify", files[-1], "--commitment", str(tmp_path / "kept.json")]
    code, output = invoke(verify)
    assert code == 0, output
    pl.concat([given[1:], given[:1]]).write_parquet(out / "assignments.parquet")
    code, output = invoke(verify)
    assert code == 1
    assert "NO  assignments.parquet" in output
    (tmp_path / "kept.json").write_bytes(kept + b" ")
    code, output = invoke(verify)
    assert (code, "NO  commitment.json" in output) == (1, True)
    (out / "pairs.parquet").unlink()
    code, output = invoke(["allocate", "verify", files[-1]])
    assert (code, "pairs.parquet: cannot be read" in output) == (2, True)
    code, output = invoke(files)
    assert (code, "a known seed is no lottery" in " ".join(output.split())) == (2, True)


def test_what_was_accepted_stays_and_what_was_refused_is_not_offered_again(
    files: list[str], tmp_path: Path
) -> None:
    assert invoke(files)[0] == 0
    given = pl.read_parquet(Path(files[-1]) / "assignments.parquet")
    pairs = given.select("participant_id", "class_id")
    pairs[::2].write_parquet(tmp_path / "accepted.parquet")
    pairs[1::2].write_parquet(tmp_path / "refused.parquet")
    decided = ["--accepted", str(tmp_path / "accepted.parquet")]
    decided += ["--refused", str(tmp_path / "refused.parquet")]
    code, output = invoke([*files[:-1], str(tmp_path / "again"), *decided])
    assert code == 0, output
    again = pl.read_parquet(tmp_path / "again" / "assignments.parquet")
    kept = again.filter(pl.col("status") == "kept").select(pairs.columns)
    assert sorted(kept.rows()) == sorted(pairs[::2].rows())
    assert not {*again.select(pairs.columns).rows()} & {*pairs[1::2].rows()}


def test_decisions_that_cannot_be_kept_are_named(files: list[str], tmp_path: Path) -> None:
    people = pl.read_parquet(tmp_path / "participants.parquet")["participant_id"].to_list()
    class_, seats = pl.read_parquet(tmp_path / "classes.parquet")["class_id", "seats_left"].row(0)
    pairs = pl.DataFrame({"participant_id": people, "class_id": class_})

    def decide(accepted: pl.DataFrame, refused: pl.DataFrame) -> tuple[int, str]:
        accepted.write_parquet(tmp_path / "accepted.parquet")
        refused.write_parquet(tmp_path / "refused.parquet")
        tables = ["--accepted", str(tmp_path / "accepted.parquet")]
        code, output = invoke([*files, *tables, "--refused", str(tmp_path / "refused.parquet")])
        return code, " ".join(output.split())

    assert decide(pairs[:seats], pairs[:0])[0] == 0
    code, output = decide(pairs[: seats + 1], pairs[:0])
    assert code == 2
    assert f"{seats + 1} people stand there for class '{class_}', which has {seats} seats" in output
    code, output = decide(pairs[:1], pairs[:1])
    assert code == 2
    assert f"'{people[0]}' has refused '{class_}', too" in output
    code, output = decide(pairs[:1].with_columns(pl.concat_list("class_id")), pairs[:0])
    assert code == 2
    assert "accepted.parquet: class_id: List(String); ids are text" in output
    code, output = decide(pairs[:1], pairs[:1].drop("participant_id"))
    assert code == 2
    assert "refused.parquet: the column participant_id is missing; it has class_id" in output
    (tmp_path / "accepted.parquet").write_bytes(b"PAR1")
    code, output = invoke([*files, "--accepted", str(tmp_path / "accepted.parquet")])
    assert (code, "accepted.parquet: not a Parquet file" in output) == (2, True)


def test_nobody_to_give_seats_to_is_one_line(files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "participants.parquet"
    pl.read_parquet(path)[:0].write_parquet(path)
    for more in ([], ["--commit"]):
        code, output = invoke([*files, *more])
        assert code == 2
        assert "nobody stands in the table" in output
        assert not Path(files[-1]).exists()


def test_nothing_is_promised_of_what_cannot_be_decided(files: list[str], tmp_path: Path) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text('[[bounds]]\nregion = "31"\nfloor = 100000\n')
    for more in ([], ["--commit"]):
        code, output = invoke([*files, "--config", str(config), *more])
        assert (code, "cannot be kept" in output) == (2, True)
        assert not Path(files[-1]).exists()
    code, output = invoke([*files[:3], *files[-2:], "--commit"])
    assert (code, "--classes is missing" in output) == (2, True)


def test_what_was_promised_is_what_is_given(files: list[str], tmp_path: Path) -> None:
    config, path = tmp_path / "allocate.toml", tmp_path / "classes.parquet"
    assert invoke([*files, "--commit"])[0] == 0
    classes = pl.read_parquet(path)
    classes.with_columns(pl.col("seats_left") + 1).write_parquet(path)
    code, output = invoke(files)
    assert (code, "seats.parquet: this run has another one" in output) == (2, True), output
    classes.write_parquet(path)
    config.write_text('objective = "people"\n')
    code, output = invoke([*files, "--config", str(config)])
    assert (code, "terms.json: this run has another one" in output) == (2, True), output
    code, output = invoke(["allocate", "--out", files[-1], "--reveal"])
    assert (code, "no seats are given yet" in output) == (2, True)
    assert invoke(files)[0] == 0


def test_the_order_of_rows_decides_nothing(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.matching.lottery.make_seed", lambda: "5" * 64)
    config, out = tmp_path / "allocate.toml", Path(files[-1])
    config.write_text("max_classes = 2\n")
    people = pl.read_parquet(tmp_path / "participants.parquet")["participant_id"]
    tables = ("assignments", "unserved", "classes", "waiting")
    told: list[list[pl.DataFrame]] = []
    for number in range(4):
        for name in ("participants", "classes"):
            path = tmp_path / f"{name}.parquet"
            pl.read_parquet(path).sample(fraction=1, shuffle=True, seed=number).write_parquet(path)
        files[-1] = str(out / str(number))
        code, output = invoke([*files, "--config", str(config)])
        assert code == 0, output
        told.append([pl.read_parquet(out / str(number) / f"{name}.parquet") for name in tables])
    assert told[0][0].height > 1
    assert sorted(told[0][0]["participant_id"].unique()) != sorted(people)
    for again in told[1:]:
        assert all(one.equals(other) for one, other in zip(told[0], again, strict=True))


def test_two_accepted_classes_that_nobody_is_given_together_are_refused(
    files: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text("max_classes = 2\n")
    person = pl.read_parquet(tmp_path / "participants.parquet")["participant_id"][0]
    path = tmp_path / "classes.parquet"
    classes = pl.read_parquet(path).filter(pl.col("seats_left") > 0)
    first, second = classes["class_id"][:2].to_list()
    accepted = pl.DataFrame({"participant_id": person, "class_id": [first, second]})
    accepted.write_parquet(tmp_path / "accepted.parquet")
    decided = ["--config", str(config), "--accepted", str(tmp_path / "accepted.parquet")]
    both = pl.col("class_id").is_in([first, second])
    meeting = [
        pl.when(both).then(pl.col(name).first()).otherwise(name).alias(name)
        for name in ("starts_on", "ends_on", "registration_from", "registration_until")
    ]
    same = pl.when(both).then(pl.col("course_id").first()).otherwise("course_id")
    for changed in (meeting, [same.alias("course_id")]):
        classes.with_columns(changed).write_parquet(path)
        code, output = invoke([*files, *decided])
        assert code == 2, output
        told = " ".join(output.split())
        assert f"{person!r} cannot have" in told
        assert first in told
        assert second in told


def test_people_choose_and_providers_choose(files: list[str], tmp_path: Path) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text('objective = "choices"\nmost_choices = 2\n')
    assert invoke(files)[0] == 0
    given = pl.read_parquet(Path(files[-1]) / "assignments.parquet").sort("participant_id")
    wished = given["class_id"][0]
    rivals = given.filter(class_id=wished)["participant_id"].to_list()
    pairs = pl.read_parquet(Path(files[-1]) / "pairs.parquet")
    ids = pl.read_parquet(Path(files[-1]) / "people.parquet")["participant_id"].to_list()
    places = pl.read_parquet(Path(files[-1]) / "seats.parquet")["class_id"].to_list()
    able = [ids[row] for row in pairs.filter(pl.col("class") == places.index(wished))["person"]]
    seats = pl.read_parquet(tmp_path / "classes.parquet").filter(class_id=wished)["seats_left"][0]
    choices = pl.DataFrame(
        {
            "participant_id": able,
            "class_id": [wished] * len(able),
            "rank": [1] * len(able),
            "standing": [float(number) for number in range(len(able))],
        }
    )
    path = tmp_path / "choices.parquet"
    choices.write_parquet(path)
    chosen = [
        *files[:-1],
        str(tmp_path / "chosen"),
        "--config",
        str(config),
        "--choices",
        str(path),
    ]
    code, output = invoke(chosen)
    assert code == 0, output
    seated = pl.read_parquet(tmp_path / "chosen" / "assignments.parquet")
    assert {*seated["participant_id"]} == {*able[-seats:]}
    assert {*rivals} <= {*able}
    without = pl.read_parquet(tmp_path / "chosen" / "unserved.parquet")
    turned = without.filter(reason="turned_away")["participant_id"]
    assert {*turned} == {*able[:-seats]}
    assert invoke(["allocate", "--out", str(tmp_path / "chosen"), "--reveal"])[0] == 0
    code, output = invoke(["allocate", "verify", str(tmp_path / "chosen")])
    assert code == 0, output
    # who withdrew is blocked, and the next one comes in
    seated.select("participant_id", "class_id")[:1].write_parquet(tmp_path / "refused.parquet")
    chosen[chosen.index("--out") + 1] = str(tmp_path / "later")
    code, output = invoke([*chosen, "--refused", str(tmp_path / "refused.parquet")])
    assert code == 0, output
    later = pl.read_parquet(tmp_path / "later" / "assignments.parquet")
    assert seated["participant_id"][0] not in later["participant_id"]
    # lists that cannot be used are named
    for broken, named in (
        (choices.with_columns(pl.lit("nowhere").alias("class_id")), "no class_id 'nowhere'"),
        (pl.concat([choices, choices[:1]]), "twice"),
        (choices.drop("rank"), f"{path}: the column rank is missing; it has participant_id"),
        (choices.drop("class_id"), f"{path}: the column class_id is missing"),
        (choices.with_columns(rank=pl.lit(1.5)), f"{path}: rank: 1.5 of '{able[0]}' is no whole"),
        (choices.with_columns(rank=pl.lit(1e300)), "rank: 1e+300 of"),
        (choices.with_columns(rank=pl.lit(2**63, pl.UInt64)), f"rank: {2**63} of"),
        (choices.with_columns(rank=pl.lit(None, pl.Int64)), "rank: None of"),
        (choices.with_columns(rank=pl.lit(float("nan"))), "rank: nan of"),
        (choices.with_columns(rank=pl.lit("first")), "rank: String; take numbers"),
        (choices.with_columns(standing=pl.lit(float("nan"))), f"{path}: standing: nan of"),
        (choices.with_columns(standing=pl.lit(float("-inf"))), f"{path}: standing: -inf of"),
        (choices.with_columns(standing=pl.lit([1])), "standing: List(Int64)"),
        (choices.with_columns(class_id=pl.lit(None, pl.String)), "class_id: row 1 is empty"),
        (choices.with_columns(participant_id=pl.lit(7)), "participant_id: Int32; ids are text"),
    ):
        broken.write_parquet(path)
        code, output = invoke([*chosen[:-1], str(path)])
        assert (code, named in output) == (2, True), output
    code, output = invoke([*files, "--config", str(config)])
    assert (code, "--choices" in output) == (2, True)
    choices.write_parquet(path)
    code, output = invoke([*files, "--choices", str(path)])
    assert (code, 'choices: the objective is "fit"' in output) == (2, True), output
    config.write_text('objective = "choices"\nreserved_group = "nix"\nreserved_share = 0.5\n')
    code, output = invoke([*chosen[:-1], str(path)])
    assert (code, "reserved_group: nobody is in the group 'nix'" in output) == (2, True), output


def test_two_classes_a_person_are_given_and_verified(files: list[str], tmp_path: Path) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text("max_classes = 2\n")
    code, output = invoke([*files, "--config", str(config)])
    assert code == 0, output
    given = pl.read_parquet(Path(files[-1]) / "assignments.parquet")
    classes = pl.read_parquet(tmp_path / "classes.parquet")
    counted = given.group_by("participant_id").len()["len"]
    assert counted.max() == 2
    both = given.join(classes, on="class_id").sort("participant_id", "starts_on")
    same = both["participant_id"] == both["participant_id"].shift(1)
    assert (both["starts_on"] > both["ends_on"].shift(1)).filter(same).all()
    assert (both["course_id"] != both["course_id"].shift(1)).filter(same).all()
    assert invoke(["allocate", "--out", files[-1], "--reveal"])[0] == 0
    assert invoke(["allocate", "verify", files[-1]])[0] == 0
    # both are kept where both were accepted
    given.select("participant_id", "class_id").write_parquet(tmp_path / "accepted.parquet")
    again = [*files[:-1], str(tmp_path / "again"), "--config", str(config)]
    code, output = invoke([*again, "--accepted", str(tmp_path / "accepted.parquet")])
    assert code == 0, output
    later = pl.read_parquet(tmp_path / "again" / "assignments.parquet")
    kept = later.filter(status="kept").select("participant_id", "class_id")
    assert sorted(kept.rows()) == sorted(given.select("participant_id", "class_id").rows())


def test_floors_that_cannot_be_kept_are_named_with_what_could_be(
    files: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text('[[bounds]]\nregion = "31"\nfloor = 100000\n')
    assert invoke([*files, "--dry-run", "--commit"])[0] == 2  # steps of their own
    assert not (Path(files[-1]) / "commitment.json").exists()
    for more in ([], ["--dry-run"]):
        code, output = invoke([*files, "--config", str(config), *more])
        assert code == 2
        assert "bounds.0.floor: 100000 cannot be kept" in output
    assert not (Path(files[-1]) / "assignments.parquet").exists()
    config.write_text('[[bounds]]\nregion = "31"\nfloor = 0\nceiling = 1\n')
    code, output = invoke([*files, "--config", str(config)])
    assert code == 0, output
    bounds = pl.read_parquet(Path(files[-1]) / "bounds.parquet")
    assert bounds["seated"].item() <= 1


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('objective = "best"', "objective"),
        ("gap = 0", "gap"),
        ("[[bounds]]\nfloor = 1", "bounds.0"),
        ('[[bounds]]\nregion = "31"\nfloor = 3\nceiling = 2', "below the floor"),
        ('[[bounds]]\nregion = "nowhere"', "bounds.0.region"),
        ('[[bounds]]\ngroup = "nobody"', "bounds.0.group"),
        ('[[bounds]]\nprovider = "no one"', "bounds.0.provider"),
        ("seats = 3", "seats"),
        ('tiers = ["nix"]', "tiers.0: nobody is in the group 'nix'"),
        ('reserved_group = "fishers"', "reserved_group is for the objective"),
        ('objective = "choices"\nmoving_price = 0.1', "moving_price does nothing"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    files: list[str], written: str, named: str, tmp_path: Path
) -> None:
    config = tmp_path / "allocate.toml"
    config.write_text(written)
    code, output = invoke([*files, "--config", str(config)])
    assert code == 2
    assert named in output


def test_tables_that_cannot_be_used_are_named(files: list[str], tmp_path: Path) -> None:
    code, output = invoke(files[:3])
    assert (code, "--out is missing" in output) == (2, True)
    pl.DataFrame({"participant_id": ["x"], "class_id": ["y"]}).write_parquet(tmp_path / "a.parquet")
    code, output = invoke([*files, "--accepted", str(tmp_path / "a.parquet")])
    assert code == 2
    assert "no class 'y'" in output
    (tmp_path / "classes.parquet").write_text("no table")
    code, output = invoke(files)
    assert code == 2
    assert "classes.parquet: not a Parquet file" in output


def test_who_may_have_nothing_is_told_so(files: list[str]) -> None:
    code, output = invoke([*files, "--day", "2199-01-01"])
    assert code == 0, output
    without = pl.read_parquet(Path(files[-1]) / "unserved.parquet")
    assert np.array_equal(without["reason"].unique().to_list(), ["nothing_eligible"])


def test_a_problem_too_large_for_highs_is_refused_where_it_is_asked_for(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.matching.case.MOST_PAIRS", 3)
    (tmp_path / "allocate.toml").write_text('method = "exact"')
    code, output = invoke([*files, "--config", str(tmp_path / "allocate.toml")])
    assert code == 2
    assert 'method: "exact" takes up to 3 pairs of people and classes' in " ".join(output.split())
