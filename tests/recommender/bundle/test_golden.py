"""The check of rules that each bundle passes before it answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from models.bundles.sealing import BundleError
from recommender.bundle.bundle import Bundle
from recommender.bundle.golden import check_rules
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.engine import Recommendations
from recommender.settings import SlateSettings
from training_data.profiles import Participant, PastTraining, to_tables

pytestmark = pytest.mark.integration

TODAY = dt.date.today()


@pytest.fixture
def under_way(demo_bundle: Bundle) -> Recommendations:
    """The list of somebody whose training runs."""
    engine = demo_bundle.engine
    course = engine.catalogue.ids[0]
    history = [PastTraining(course_id=course, kind="start")]
    person = Participant(region="Kota Bandung", birth_year=1990, history=history)
    tables = to_tables([person], ["someone"], engine.reader.vocabularies.regions)
    return engine.recommend(engine.prepare(*tables, TODAY), SlateSettings(k=5))


def test_a_list_of_what_comes_after_a_training_under_way_passes(
    demo_bundle: Bundle, under_way: Recommendations
) -> None:
    listed = under_way.slates.ids[0]
    bits = find_exclusions(under_way.query)[0, listed[listed >= 0]]
    assert {one for found in bits.tolist() for one in list_exclusions(found)} == {
        Exclusion.TRAINING_UNFINISHED
    }
    check_rules(demo_bundle.engine, under_way)


def test_a_training_that_is_taken_already_does_not_pass(
    demo_bundle: Bundle, under_way: Recommendations
) -> None:
    ids = under_way.slates.ids.copy()
    ids[0, 0] = 0
    wrong = replace(under_way, slates=replace(under_way.slates, ids=ids))
    with pytest.raises(BundleError, match="forbidden"):
        check_rules(demo_bundle.engine, wrong)
