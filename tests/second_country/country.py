"""The country of `examples/ilhas-serenas`, with people, trainings and events as its offices keep them."""

from __future__ import annotations

import datetime as dt
import shutil
from itertools import product
from pathlib import Path
from random import Random

import polars as pl

from training_data.dataset import Dataset
from training_data.skills.loading import load_skills

COUNTRY = Path(__file__).parents[2] / "examples" / "ilhas-serenas"
MAPPINGS = COUNTRY / "mappings"
TERMS = load_skills(COUNTRY / "skills")
AREAS = ("pesca", "turismo", "construção", "comércio")
GOALS = ("pescador", "guia-turistico", "pedreiro", "lojista")  # one an area
WORK = {
    "Pescador de rede": "",
    "Pedreiro": "Precisa-se de carpintaria.",
    "Lojista com experiência": "",
    "Mergulhador": "Com carta de motor de barco; trata da conservação de peixe.",
}
MUNICIPALITIES = (
    "Porto Claro", "concelho de Vila Alta", "Campo Verde", "Ribeira",
    "Santa Luz", "Pedra Branca", "Monte Largo", "VALE FUNDO",
)  # fmt: skip


def write_country(folder: Path) -> Dataset:
    """Copy rules, regions, skills, occupations and texts into a new dataset folder."""
    shutil.copytree(COUNTRY, folder, ignore=shutil.ignore_patterns("mappings"))
    return Dataset.open(folder)


def skills_of(area: str) -> list[str]:
    """Ids of an area's three skills."""
    return [term.id for term in TERMS.terms if term.topic == area]


def write_sources(folder: Path, today: dt.date, count: int = 150) -> dict[str, tuple[Path, Path]]:
    """Write the country's files as its offices keep them: table -> its file and its mapping."""
    rng = Random(1)  # noqa: S311
    courses = _courses()
    participants = [_participant(rng, number) for number in range(count)]
    tables = {
        "courses": courses,
        "classes": [row for course in courses for row in _classes(course, today)],
        "participants": participants,
        "interactions": _events(rng, participants, courses, today),
        "vacancies": [
            {
                "vaga": f"v{i}",
                "cargo": cargo,
                "descricao": asks,
                "concelho": place,
                "lugares": i % 7 + 1,
            }
            for i, (place, (cargo, asks)) in enumerate(product(MUNICIPALITIES, WORK.items()))
        ],
    }
    written = {}
    for table, rows in tables.items():
        source = folder / f"{table}.csv"
        pl.DataFrame(rows, infer_schema_length=None).write_csv(source)
        written[table] = (source, MAPPINGS / f"{table}.toml")
    return written


def _courses() -> list[dict]:
    """Forty trainings: ten an area, of every format, price and level."""
    rows = []
    for area in AREAS:
        skills = skills_of(area)
        for number in range(10):
            skill = skills[number % 3]
            format_ = ("presencial", "em linha", "ao seu ritmo")[number % 3 if number < 9 else 0]
            rows.append(
                {
                    "codigo": f"{area[:3]}-{number}",
                    "titulo": f"{skill.replace('-', ' ').capitalize()} para {area}, parte {number}",
                    "escola": f"Escola {number % 4}",
                    "area": area,
                    "competencias": ";".join({skill: 0, skills[0]: 0}),
                    "formato": format_,
                    "nivel": "avançado" if number == 8 else "básico",
                    "concelho": MUNICIPALITIES[number % 8] if format_ == "presencial" else None,
                    "custo": (0, 800, 1500, 3000, 4500)[number % 5],
                    "horas": 12 if number % 2 else 20,
                }
            )
    return rows


def _classes(course: dict, today: dt.date) -> list[dict]:
    if course["formato"] == "ao seu ritmo":
        return []
    starts = today + dt.timedelta(days=20)
    return [
        {
            "turma": f"{course['codigo']}/1",
            "codigo": course["codigo"],
            "concelho": course["concelho"],
            "inicio": starts,
            "fim": starts + dt.timedelta(days=9),
            "vagas": 20,
            "livres": 5,
        }
    ]


def _participant(rng: Random, number: int) -> dict:
    number_of_area = rng.randrange(len(AREAS))
    target = GOALS[number_of_area]
    return {
        "numero": f"p{number}",
        "nascimento": rng.randrange(1965, 2006),
        "escolaridade": rng.choice(["primária", "secundária"]),
        "ocupacao": "guarda-costeira" if number % 50 == 7 else "lojista",
        "objetivo": target,
        "competencias": rng.choice(skills_of(AREAS[number_of_area])),
        "concelho": rng.choice(MUNICIPALITIES),
        "grupo": "pescadores" if target == "pescador" else "",
    }


def _events(
    rng: Random, participants: list[dict], courses: list[dict], today: dt.date
) -> list[dict]:
    """Everybody buys two or three trainings, most of them of the area of their goal."""
    areas = dict(zip(GOALS, AREAS, strict=True))
    rows: list[dict] = []
    for number, person in enumerate(participants):
        near = [course for course in courses if course["area"] == areas[person["objetivo"]]]
        at = dt.datetime.combine(today, dt.time(8)) - dt.timedelta(days=300 - number)
        for _ in range(rng.choice([2, 3, 4])):
            course = rng.choice(near if rng.random() < 0.8 else courses)
            for kind, days in (("compra", 0), ("conclusão", 9)):
                rows.append(
                    {
                        "evento": f"e{len(rows)}",
                        "numero": person["numero"],
                        "codigo": course["codigo"],
                        "tipo": kind,
                        "quando": (at + dt.timedelta(days=days)).isoformat(),
                    }
                )
            at += dt.timedelta(days=30)
    return rows
