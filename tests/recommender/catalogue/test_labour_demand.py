"""Openings by region, skill and occupation: counts by hand, and how the shares lean on each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from recommender.catalogue.labour_demand import PRIOR_OPENINGS, LabourDemand, build_labour_demand
from recommender.messages import load_messages
from tests.recommender.worlds import table
from training_data.importing.importer import import_file
from training_data.occupations.occupations import Occupations, load_occupations
from training_data.programmes.programme import load_programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills
from training_data.skills.matching import find_named_skills
from training_data.skills.vocabulary import Term, Vocabulary

SKILLS = Vocabulary(
    tuple(Term(name, {"en": name}) for name in ("cooking", "welding", "selling", "python"))
)
OCCUPATIONS = Occupations(
    Vocabulary((Term("cook", {"en": "Cook"}, ("koki",)), Term("welder", {"en": "Welder"}))),
    ("5120", "7212"),
    sp.csr_matrix(np.array([[1.0, 0, 0.5, 0], [0, 1.0, 0, 0]], dtype=np.float32)),
)
SURABAYA, MALANG, EAST_JAVA, BANDUNG = "35.78", "35.73", "35", "32.73"


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


def vacancies(*rows: tuple[str, str | None, int, list[str]]) -> pl.DataFrame:
    return table(
        "vacancies",
        [
            {
                "vacancy_id": str(number),
                "title": title,
                "region_code": region,
                "openings": openings,
                "skills": skills,
            }
            for number, (title, region, openings, skills) in enumerate(rows)
        ],
    )


@pytest.fixture(scope="module")
def demand(regions: RegionTable) -> LabourDemand:
    return build_labour_demand(
        vacancies(
            ("Koki restoran", SURABAYA, 3, []),
            ("Staff", SURABAYA, 2, ["Welding", "unheard of"]),
            ("Welder", EAST_JAVA, 10, ["welding"]),
            ("Python developer", BANDUNG, 5, []),
            ("Staff", None, 80, ["selling"]),
        ),
        regions,
        SKILLS,
        OCCUPATIONS,
    )


def test_openings_are_counted_once_a_skill_and_in_every_region_around(
    demand: LabourDemand, regions: RegionTable
) -> None:
    surabaya, east_java = regions.id(SURABAYA), regions.id(EAST_JAVA)
    # the cook's occupation asks for selling, too; a welder who lists welding asks for it once
    assert demand.by_skill[surabaya].tolist() == [3, 2, 3, 0]
    assert demand.by_skill[east_java].tolist() == [3, 12, 3, 0]
    assert demand.by_skill[-1].tolist() == [3, 12, 83, 5]
    assert demand.by_occupation[surabaya].tolist() == [3, 0]
    assert demand.by_occupation[-1].tolist() == [3, 10]
    assert [demand.total[i] for i in (surabaya, east_java, -1)] == [5, 15, 100]
    assert demand.total[regions.id(MALANG)] == 0


def test_shares_lean_on_the_region_around(demand: LabourDemand, regions: RegionTable) -> None:
    welding = 1
    share = demand.skill_shares
    assert share[-1, welding] == pytest.approx(12 / 100)
    chain = [*reversed(regions.ancestors(SURABAYA)), SURABAYA]
    expected = 12 / 100
    for code in chain:  # island, province, kota
        row = regions.id(code)
        openings, total = demand.by_skill[row, welding], demand.total[row]
        expected = (openings + PRIOR_OPENINGS * expected) / (total + PRIOR_OPENINGS)
        assert share[row, welding] == pytest.approx(expected)
    assert share[regions.id(MALANG), welding] == pytest.approx(
        share[regions.id(EAST_JAVA), welding]
    )


def test_many_openings_speak_for_themselves(regions: RegionTable) -> None:
    many = build_labour_demand(
        vacancies(("Koki", SURABAYA, 100_000, []), ("Welder", BANDUNG, 100_000, [])),
        regions,
        SKILLS,
        OCCUPATIONS,
    )
    assert many.skill_shares[regions.id(SURABAYA)] == pytest.approx([1, 0, 1, 0], abs=2e-3)


def test_the_figure_of_a_training_follows_its_skills_and_region(
    demand: LabourDemand, regions: RegionTable
) -> None:
    taught = sp.csr_matrix(
        np.array([[0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], dtype=np.float32)
    )
    here = np.array([regions.id(SURABAYA), -1, regions.id(SURABAYA)], dtype=np.int32)
    figures = demand.of_trainings(here, taught)
    assert figures.shape == (3, 4)
    assert figures.dtype == np.float32
    assert (figures >= 0).all()
    assert (figures <= 1).all()
    assert figures[1, 3] == 1  # what the nation seeks most
    assert (figures[:, 1] == 0).all()  # teaches no known skill
    assert figures[0, 0] > figures[1, 0]  # welders are sought in East Java
    assert figures[0].tolist() == figures[2].tolist()
    assert figures[0, 2] == pytest.approx(
        (demand.skill_shares[here[0], 0] + demand.skill_shares[here[0], 1]) / 2 / 0.83, rel=1e-5
    )


def test_the_nearest_openings_are_named(demand: LabourDemand, regions: RegionTable) -> None:
    surabaya, malang, jayapura = (regions.id(code) for code in (SURABAYA, MALANG, "91.71"))
    java, nation = regions.id(EAST_JAVA), regions.id(regions.ancestors(MALANG)[-1])
    where = np.array([surabaya, malang, malang, -1, surabaya])
    every = [0, 1, 2, 3]
    skills = np.array([every, every, [3, -1, -1, -1], every, [-1] * 4])
    openings, skill, region = demand.openings_asking(where, skills)
    assert openings.tolist() == [3, 12, 5, 0, 0]
    assert skill[:3].tolist() == [0, 1, 3]
    assert region[:3].tolist() == [surabaya, java, nation]
    openings, _, region = demand.openings_as(
        np.array([surabaya, surabaya, jayapura, surabaya]), np.array([0, 1, 1, -1])
    )
    assert openings.tolist() == [3, 10, 0, 0]
    assert region[:2].tolist() == [surabaya, java]


def test_without_vacancies_nothing_is_sought(regions: RegionTable) -> None:
    none = build_labour_demand(vacancies(), regions, SKILLS, OCCUPATIONS)
    taught = sp.csr_matrix(np.ones((2, 4), dtype=np.float32))
    assert not none.of_trainings(np.array([-1, 3], dtype=np.int32), taught).any()
    assert none.openings_asking(np.array([3]), np.arange(4)[None])[0].tolist() == [0]


def test_saved_and_restored_it_is_the_same(demand: LabourDemand) -> None:
    restored = LabourDemand.from_state(demand.state())
    assert np.array_equal(restored.skill_shares, demand.skill_shares)
    assert np.array_equal(restored.by_occupation, demand.by_occupation)


def test_real_vacancies_tell_the_openings_of_a_city(
    shared_data: Path, regions: RegionTable
) -> None:
    path = shared_data / "vacancies" / "jobstreet_alterra_7617.csv"
    ads = import_file(path, "vacancies", None, regions).accepted
    skills = load_skills()
    occupations = load_occupations(skills)
    demand = build_labour_demand(ads, regions, skills, occupations)

    here = ads.filter(region_code=SURABAYA)
    every = np.arange(len(skills))[None]
    most = demand.openings_asking(np.array([regions.id(SURABAYA)]), every)
    openings, skill, region = (int(value[0]) for value in most)
    asking = 0
    for title, count in here.select("title", "openings").iter_rows():
        named = find_named_skills(title, occupations.vocabulary)[:1]
        needed = {s for o in named for s in occupations.needs[o].indices}
        asking += count * (skill in needed or skill in find_named_skills(title, skills))
    assert openings == asking > 20
    english = load_messages("en", load_programme("prakerja-2024"))
    evidence = {
        "openings": openings,
        "region": regions.names[region],
        "skill": skills.terms[skill].label("en"),
    }
    assert english.text("reason", "vacancies", evidence) == (
        f"There are {asking} job openings in Kota Surabaya that ask for this skill: "
        f"{skills.terms[skill].label('en')}."
    )
