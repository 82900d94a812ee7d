"""The simulated population: published marginals, the programme's rules, and the same rows again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer import Typer
from typer.testing import CliRunner

from cli.simulate import simulate
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset
from training_data.demo import demo_places
from training_data.programmes.programme import load_programme
from training_data.regions import RegionTable
from training_data.simulation import (
    build_world,
    participant_table,
    simulate_dataset,
    simulate_interactions,
    simulate_people,
)
from training_data.simulation.figures import EDUCATION, TOPIC_SHARES
from training_data.simulation.lists import plackett_luce

pytestmark = pytest.mark.integration

DAY = dt.date(2026, 3, 1)
N = 20_000


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return simulate_dataset(tmp_path_factory.mktemp("simulated"), N, DAY, seed=0, chunk=8_000)


@pytest.fixture(scope="module")
def participants(dataset: Dataset) -> pl.DataFrame:
    return dataset.read("participants")


@pytest.fixture(scope="module")
def events(dataset: Dataset) -> pl.DataFrame:
    return dataset.read("interactions")


@pytest.fixture(scope="module")
def purchases(dataset: Dataset, events: pl.DataFrame) -> pl.DataFrame:
    bought = events.filter(pl.col("kind") == "purchase").sort("participant_id", "at")
    number = pl.int_range(pl.len()).over("participant_id").alias("number")
    return bought.with_columns(number).join(
        dataset.read("courses").drop("region_code"), on="course_id", maintain_order="left"
    )


def share(column: pl.Series) -> float:
    return float(column.mean())


class TestPeople:
    @pytest.mark.parametrize(
        ("column", "value", "published", "tolerance"),
        [
            ("gender", "female", 0.51, 0.012),
            ("rural", True, 0.64, 0.012),
            ("disability", True, 0.03, 0.004),
            ("profiling_opt_out", True, 0.005, 0.002),
        ],
    )
    def test_shares_are_the_published_ones(
        self,
        participants: pl.DataFrame,
        column: str,
        value: str | bool,
        published: float,
        tolerance: float,
    ) -> None:
        assert share(participants[column] == value) == pytest.approx(published, abs=tolerance)

    def test_never_trained_before(self, participants: pl.DataFrame) -> None:
        never = participants["groups"].list.contains("never_trained")
        assert share(never) == pytest.approx(0.86, abs=0.01)

    def test_people_per_province_follow_the_beneficiaries(self, participants: pl.DataFrame) -> None:
        regions = RegionTable.load("indonesia").frame
        expected = regions.filter(level=1).select("code", "beneficiaries")
        counted = participants.group_by(pl.col("region_code").str.head(2).alias("code")).len()
        both = expected.join(counted, on="code", how="left").fill_null(0)
        assert both["len"].sum() == N
        weights = both["beneficiaries"] / both["beneficiaries"].sum()
        assert stats.chisquare(both["len"], weights * N).pvalue > 0.001

    def test_people_per_kabupaten_follow_the_beneficiaries(
        self, participants: pl.DataFrame
    ) -> None:
        regions = RegionTable.load("indonesia").frame.filter(level=2)
        counted = participants.group_by("region_code").len()
        both = regions.join(counted, left_on="code", right_on="region_code", how="left")
        expected = both["beneficiaries"] / both["beneficiaries"].sum() * N
        many = expected >= 5  # where a chi-square test holds
        observed = both["len"].fill_null(0)
        rest = [N - observed.filter(many).sum()], [N - expected.filter(many).sum()]
        outcome = stats.chisquare(
            [*observed.filter(many), *rest[0]], [*expected.filter(many), *rest[1]]
        )
        assert outcome.pvalue > 0.001

    def test_kota_are_less_rural_than_kabupaten(self, participants: pl.DataFrame) -> None:
        kind = RegionTable.load("indonesia").frame.select("code", "kind")
        rural = (
            participants.join(kind, left_on="region_code", right_on="code")
            .group_by("kind")
            .agg(pl.col("rural").mean())
        )
        by_kind = dict(rural.iter_rows())
        assert by_kind["kota"] < 0.2 < 0.8 < by_kind["kabupaten"]

    def test_ages_are_lawful_and_young(self, participants: pl.DataFrame) -> None:
        age = DAY.year - participants["birth_year"]
        assert (age.min(), age.max()) == (18, 64)
        assert 24 <= age.median() <= 32

    def test_schooling_is_as_assumed(self, participants: pl.DataFrame) -> None:
        counted = dict(participants.group_by("education").len().iter_rows())
        observed = [counted[level] for level in EDUCATION]
        assert stats.chisquare(observed, np.array(list(EDUCATION.values())) * N).pvalue > 0.001

    def test_profiles_differ_in_how_much_they_tell(self, participants: pl.DataFrame) -> None:
        world = build_world(DAY)
        ids = [term.id for term in world.skills.terms]
        named = participants["skills"].explode().drop_nulls()
        assert 0.2 < share(participants["skills"].list.len() == 0) < 0.5
        assert 0.05 < share(~named.is_in(ids)) < 0.25  # in their own words
        assert min(map(world.skills.find, named.unique())) >= 0
        assert 0.01 < share(participants["interests"].list.len() == 0) < 0.2
        targets = participants["target_occupation"].drop_nulls().unique()
        assert min(map(world.occupations.vocabulary.find, targets)) >= 0
        assert not participants["employment_status"].eq("student").any()

    def test_interests_follow_the_published_topics(self, participants: pl.DataFrame) -> None:
        topics = participants["interests"].explode()
        counted = dict(topics.filter(topics.is_in(list(TOPIC_SHARES))).value_counts().iter_rows())
        total = sum(counted.values())
        for topic, published in TOPIC_SHARES.items():
            assert counted[topic] / total == pytest.approx(published, abs=0.012), topic


class TestBehaviour:
    def test_topic_shares_of_purchases_are_the_published_ones(
        self, purchases: pl.DataFrame
    ) -> None:
        counted = dict(purchases["category"].value_counts().iter_rows())
        for topic, published in TOPIC_SHARES.items():
            assert counted[topic] / purchases.height == pytest.approx(published, abs=0.015), topic

    def test_almost_half_never_buy_a_second_training(self, purchases: pl.DataFrame) -> None:
        each = purchases.group_by("participant_id").len()
        assert share(each["len"] == 1) == pytest.approx(0.48, abs=0.03)
        assert 0.93 < each.height / N < 0.99

    def test_stars_have_the_published_mean(self, events: pl.DataFrame) -> None:
        stars = events.filter(pl.col("kind") == "rate")["value"]
        assert stars.mean() == pytest.approx(4.9, abs=0.02)
        assert set(stars) == {1.0, 2.0, 3.0, 4.0, 5.0}

    def test_most_finish_and_fewer_what_is_long(
        self, events: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        done = events.filter(pl.col("kind") == "complete").select("participant_id", "course_id")
        old = purchases.filter(pl.col("at").dt.date() < DAY - dt.timedelta(days=90)).join(
            done.with_columns(done=True), on=["participant_id", "course_id"], how="left"
        )
        finished = old.with_columns(pl.col("done").fill_null(False))
        assert 0.85 < share(finished["done"]) < 0.92
        long = pl.col("duration_hours") >= 35
        assert share(finished.filter(long)["done"]) < share(finished.filter(~long)["done"]) - 0.03

    def test_a_training_raises_what_builds_on_it(self, purchases: pl.DataFrame) -> None:
        """Against pairs with the previous training drawn from the topic; tastes alone make 1.9."""
        world = build_world(DAY)
        number = {course: i for i, course in enumerate(world.courses["course_id"])}
        later = purchases.with_columns(
            pl.col("course_id", "category").shift(1).over("participant_id").name.suffix("_before")
        ).filter(category=pl.col("category_before"))
        shuffled = pl.col("course_id_before").shuffle(seed=1).over("category")
        before, other, after = (
            later.select(column.replace_strict(number)).to_series().to_numpy()
            for column in (pl.col("course_id_before"), shuffled, pl.col("course_id"))
        )
        observed = world.follow_up[before, after].mean()
        assert observed > 2.7 * world.follow_up[other, after].mean() > 0

    def test_the_first_purchase_comes_within_the_days_of_grace(
        self, participants: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        rule = load_programme("prakerja-2024").in_force(DAY).first_purchase
        assert rule is not None
        first = purchases.filter(number=0).join(participants, on="participant_id")
        waited = (first["at"].dt.date() - first["admitted_on"]).dt.total_days()
        assert (waited.min(), waited.max()) == (0, rule.within_days)
        assert participants["admitted_on"].max() < DAY

    def test_the_next_purchase_comes_within_the_days_of_the_rule(
        self, purchases: pl.DataFrame, events: pl.DataFrame
    ) -> None:
        rule = load_programme("prakerja-2024").in_force(DAY).next_purchase
        assert rule is not None
        ended = events.filter(pl.col("kind") == "complete").select(
            "participant_id", "course_id", ended="at"
        )
        later = purchases.filter(pl.col("number") > 0).join(ended, on="participant_id")
        later = later.filter(pl.col("ended") < pl.col("at"))
        waited = later.group_by("participant_id", "number").agg(
            (pl.col("at").dt.date().first() - pl.col("ended").dt.date().max()).dt.total_days()
        )["at"]
        assert len(waited) > 100
        assert 0 <= waited.min() < waited.max() <= rule.within_days

    def test_events_span_the_months_before_the_day(self, events: pl.DataFrame) -> None:
        end = dt.datetime.combine(DAY, dt.time(), dt.UTC)
        assert events["at"].max() < end
        span = (end - events["at"].min()).days
        assert 500 < span <= 550


class TestRules:
    def test_one_training_at_a_time_finished_and_rated(self, events: pl.DataFrame) -> None:
        order = {"purchase": 0, "start": 1, "complete": 2, "rate": 3}
        steps = events.filter(pl.col("kind").is_in(list(order))).with_columns(
            step=pl.col("kind").cast(pl.String).replace_strict(order)
        )
        steps = steps.sort("participant_id", "at", "step")
        before = pl.col("step").shift(1).over("participant_id")
        course = pl.col("course_id").shift(1).over("participant_id")
        steps = steps.with_columns(before.alias("before"), course.alias("course_before"))
        buys = steps.filter(pl.col("step") == 0)
        assert set(buys["before"].unique()) == {None, 3}
        other = steps.filter(pl.col("step") > 0)
        assert (other["before"] == other["step"] - 1).all()
        assert (other["course_before"] == other["course_id"]).all()

    def test_nobody_spends_more_than_the_grant(
        self, participants: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        grant = load_programme("prakerja-2024").in_force(DAY).grant
        assert grant is not None
        spent = purchases.group_by("participant_id").agg(pl.col("price_idr").sum())
        both = participants.join(spent, on="participant_id", how="left")
        left = grant.amount - both["price_idr"].fill_null(0)
        assert left.min() >= 0
        assert (both["balance_idr"] == left).all()
        assert (purchases["value"] == purchases["price_idr"]).all()

    def test_nobody_takes_a_training_twice_or_too_short_or_unprepared(
        self, purchases: pl.DataFrame
    ) -> None:
        assert not purchases.select("participant_id", "course_id").is_duplicated().any()
        assert purchases["duration_hours"].min() >= 15
        needed = purchases.select(
            "participant_id", "at", pl.col("prerequisites").alias("needed")
        ).explode("needed", empty_as_null=False)
        had = purchases.select("participant_id", "course_id", pl.col("at").alias("had_at"))
        met = needed.join(
            had,
            left_on=["participant_id", "needed"],
            right_on=["participant_id", "course_id"],
            how="left",
        )
        assert met.height > 0
        assert (met["had_at"] < met["at"]).fill_null(False).all()

    def test_one_goes_only_where_one_can_reach(
        self, participants: pl.DataFrame, purchases: pl.DataFrame
    ) -> None:
        reach = load_programme("prakerja-2024").in_force(DAY).reach
        assert reach is not None
        regions = RegionTable.load("indonesia")
        goes = (
            purchases.filter(pl.col("mode").is_in(["in_person", "hybrid"]))
            .select("event_id", "participant_id", "course_id")
            .join(participants.select("participant_id", "region_code", "rural"), "participant_id")
            .join(demo_places().rename({"region_code": "place"}), on="course_id")
        )
        way = regions.distance_km(regions.ids(goes["region_code"]), regions.ids(goes["place"]))
        nearest = (
            goes.with_columns(pl.Series("km", way))
            .with_columns(limit=pl.when("rural").then(reach.rural_km).otherwise(reach.urban_km))
            .group_by("event_id")
            .agg(pl.col("km").min(), pl.col("limit").first())
        )
        assert nearest.height > 0.04 * purchases.height
        assert (nearest["km"] <= nearest["limit"]).all()

    def test_a_day_without_rules_is_refused(self) -> None:
        with pytest.raises(ValueError, match="2019-01-01"):
            build_world(dt.date(2019, 1, 1))


class TestLists:
    def test_propensities_are_probabilities_and_stand_where_they_must(
        self, events: pl.DataFrame
    ) -> None:
        shown = events.filter(pl.col("kind") == "impression")
        assert shown["propensity"].null_count() == 0
        assert shown["propensity"].is_between(0, 1, closed="right").all()
        lists = shown.group_by("request_id").agg(
            pl.col("position").sort(), pl.col("course_id").n_unique(), pl.len()
        )
        assert (lists["course_id"] == lists["len"]).all()
        assert (lists["position"].list.max() == lists["len"].cast(pl.Int32)).all()
        assert lists.filter(pl.col("len") == 10).height > 0.99 * lists.height
        assert 0.08 < lists.height / events.filter(pl.col("kind") == "purchase").height < 0.12

    def test_clicks_are_on_what_was_shown_and_more_often_on_top(self, events: pl.DataFrame) -> None:
        keys = ["request_id", "course_id", "position"]
        shown = events.filter(pl.col("kind") == "impression")
        clicks = events.filter(pl.col("kind") == "click")
        assert clicks.join(shown, on=keys, how="semi").height == clicks.height > 0
        rate = (
            clicks.group_by("position")
            .len()
            .join(shown.group_by("position").len(), on="position")
            .sort("position")
        )
        rates = (rate["len"] / rate["len_right"]).to_list()
        assert rates[0] > 2 * rates[-1] > 0.02

    def test_the_probabilities_of_a_place_sum_to_one(self) -> None:
        weights = np.array([[4.0, 0.0, 2.0, 1.0, 1.0]], dtype=np.float32)
        noise = np.array([[1.0, 0.1, 1.0, 1.0, 9.0]], dtype=np.float32)
        course, propensity = plackett_luce(weights, noise, 4)
        assert course.tolist() == [[0, 2, 3, 4]]
        np.testing.assert_allclose(propensity, [[4 / 8, 2 / 4, 1 / 2, 1.0]])

    def test_the_logged_probability_is_how_often_it_happens(self) -> None:
        weights = np.tile(np.array([3.0, 2.0, 1.0, 0.0, 0.5], dtype=np.float32), (40_000, 1))
        noise = np.random.default_rng(1).exponential(size=weights.shape).astype(np.float32)
        course, propensity = plackett_luce(weights, noise, 2)
        first = np.bincount(course[:, 0], minlength=5) / len(course)
        np.testing.assert_allclose(first, weights[0] / weights[0].sum(), atol=0.01)
        after_first = course[course[:, 0] == 0, 1]
        second = np.bincount(after_first, minlength=5) / len(after_first)
        np.testing.assert_allclose(second, np.array([0, 2, 1, 0, 0.5]) / 3.5, atol=0.015)
        told = propensity[(course[:, 0] == 0) & (course[:, 1] == 1), 1]
        np.testing.assert_allclose(told, 2 / 3.5, rtol=1e-6)

    def test_places_beyond_what_is_permitted_have_no_probability(self) -> None:
        weights = np.array([[0.0, 1.0, 0.0]], dtype=np.float32)
        course, propensity = plackett_luce(weights, np.ones((1, 3), dtype=np.float32), 2)
        assert course[0, 0] == 1
        assert propensity.tolist() == [[1.0, 0.0]]


class TestDataset:
    def test_it_says_that_it_is_simulated_and_keeps_its_contracts(self, dataset: Dataset) -> None:
        assert Dataset.open(dataset.folder).info.simulated
        rows = dataset.validate()
        assert rows["participants"] == N
        assert set(rows) == {"courses", "participants", "interactions", "classes"}
        assert {path.suffix for path in dataset.folder.iterdir()} == {".parquet", ".toml"}

    def test_events_are_about_known_people_and_trainings(
        self, dataset: Dataset, participants: pl.DataFrame, events: pl.DataFrame
    ) -> None:
        assert events["participant_id"].is_in(participants["participant_id"].to_list()).all()
        assert events["course_id"].is_in(dataset.read("courses")["course_id"].to_list()).all()

    def test_the_same_seed_gives_the_same_bytes(self, tmp_path: Path) -> None:
        made = [simulate_dataset(tmp_path / name, 500, DAY, seed) for name, seed in
                (("a", 7), ("b", 7), ("c", 8))]  # fmt: skip
        prints = [one.fingerprint() for one in made]
        assert prints[0] == prints[1] != prints[2]

    def test_chunks_and_size_of_the_population_change_nobody(
        self, participants: pl.DataFrame, events: pl.DataFrame
    ) -> None:
        world = build_world(DAY)
        people = simulate_people(world, 7_000, 2_013)  # across two chunks of the dataset
        some_events, spent = simulate_interactions(world, people)
        some = participant_table(world, people, spent)
        assert some.equals(participants[7_000:9_013])
        same = events.filter(pl.col("participant_id").is_in(some["participant_id"].to_list()))
        assert some_events.equals(same)
        Participants.validate(some)
        Interactions.validate(some_events)

    def test_the_command_writes_it(self, tmp_path: Path) -> None:
        app = Typer()
        app.command()(simulate)
        arguments = ["--participants", "50", "--out", str(tmp_path), "--day", "2026-03-01"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert "Simulated, not real" in result.output
        assert Dataset.open(tmp_path).validate()["participants"] == 50

    def test_the_command_refuses_a_day_without_rules(self, tmp_path: Path) -> None:
        app = Typer()
        app.command()(simulate)
        arguments = ["--participants", "5", "--out", str(tmp_path), "--day", "2020-01-01"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert "2024" in result.output
