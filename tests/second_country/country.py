"""Write the whole country as data files: what an adopting country would write, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path
from random import Random

import polars as pl

from recommender.messages import SHIPPED_MESSAGES
from training_data.dataset import Dataset, DatasetInfo

# Two islands, four provinces, eight municipalities: code, name, parent, kind, landmass, place.
REGIONS = """code,parent_code,level,kind,name,aliases,split_from,landmass,latitude,longitude,population,area_km2
N,,0,ilha,Ilha Norte,,,Norte,-20.0,-30.0,500000,5000
S,,0,ilha,Ilha Sul,,,Sul,-21.5,-30.2,300000,4000
N1,N,1,provincia,Alta,,,Norte,-19.8,-30.0,300000,2500
N2,N,1,provincia,Baixa,,,Norte,-20.2,-30.0,200000,2500
S1,S,1,provincia,Costeira,,,Sul,-21.4,-30.1,200000,2000
S2,S,1,provincia,Serra,,,Sul,-21.6,-30.3,100000,2000
N1a,N1,2,concelho,Porto Claro,Porto,,Norte,-19.80,-30.00,200000,1000
N1b,N1,2,concelho,Vila Alta,,,Norte,-19.70,-30.05,100000,1500
N2a,N2,2,concelho,Campo Verde,,,Norte,-20.20,-30.00,150000,1500
N2b,N2,2,concelho,Ribeira,,,Norte,-20.25,-30.10,50000,1000
S1a,S1,2,concelho,Santa Luz,,,Sul,-21.40,-30.10,150000,1000
S1b,S1,2,concelho,Pedra Branca,,,Sul,-21.45,-30.05,50000,1000
S2a,S2,2,concelho,Monte Largo,,,Sul,-21.60,-30.30,60000,1000
S2b,S2,2,concelho,Vale Fundo,,,Sul,-21.65,-30.35,40000,1000
"""
PLACES = "name,region_code\nBairro Novo,N1a\n"
NEIGHBOURS = "code,neighbour_code\nN1a,N1b\nN2a,N2b\nS1a,S1b\nS2a,S2b\n"
PACK = """
name = "ilhas-serenas"
version = "2025"
language = "pt"
levels = ["ilha", "provincia", "concelho"]
[[kinds]]
kind = "provincia"
prefixes = ["província", "provincia de"]
[[kinds]]
kind = "concelho"
prefixes = ["concelho", "concelho de"]
[[kinds]]
kind = "ilha"
prefixes = ["ilha"]
"""
SKILLS = {
    "pesca": ("rede", "motor de barco", "conservação de peixe"),
    "turismo": ("acolhimento", "guia de trilhos", "inglês de balcão"),
    "construção": ("alvenaria", "carpintaria", "instalação elétrica"),
    "comércio": ("contas do dia", "atendimento", "venda pela internet"),
}
OCCUPATIONS = {
    "pescador": ("100", SKILLS["pesca"]),
    "guia-turistico": ("200", SKILLS["turismo"]),
    "pedreiro": ("300", SKILLS["construção"]),
    "lojista": ("400", SKILLS["comércio"]),
    "guarda-costeira": ("900", SKILLS["pesca"][:1]),
}
MUNICIPALITIES = (
    "Porto Claro", "concelho de Vila Alta", "Campo Verde", "Ribeira",
    "Santa Luz", "Pedra Branca", "Monte Largo", "VALE FUNDO",
)  # fmt: skip
MESSAGES = {
    "why": {
        "permitted": "Pode frequentá-la e o seu saldo de {balance} chega.",
        "own_region": "Realiza-se no seu concelho, {region}.",
        "free": "É gratuita.",
    },
    "why_not": {
        "balance_too_low": "Custa {price}; o seu saldo é {balance}.",
        "mode_not_paid": "O programa não paga formações deste tipo: {mode}.",
        "out_of_reach": "A turma mais próxima fica a {km} km; o seu alcance é {radius} km.",
        "above_price_ceiling": "Custa {price}; o programa paga até {ceiling}.",
        "occupation_excluded": "O programa não é para esta ocupação: {occupation}.",
    },
    "possible": {"balance_too_low": "Com um saldo de {price}, mais {missing}."},
    "words": {"self_paced": "a distância, ao seu ritmo", "free": "gratuita"},
}


def slug(name: str) -> str:
    return name.replace(" ", "-")


def write_country(folder: Path, today: dt.date) -> Dataset:
    """Write rules, regions, skills, occupations and texts into a new dataset folder."""
    info = DatasetInfo(programme="regras.toml", region_pack="regioes", language="pt")
    dataset = Dataset.create(folder, info)
    (folder / "regras.toml").write_text(_rules(today), encoding="utf-8")
    for name, text in (
        ("regioes/pack.toml", PACK),
        ("regioes/regions.csv", REGIONS),
        ("regioes/places.csv", PLACES),
        ("regioes/neighbours.csv", NEIGHBOURS),
        ("skills/todas.toml", _skills()),
        ("occupations/todas.toml", _occupations()),
        ("messages/pt.toml", _messages()),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return dataset


def _rules(today: dt.date) -> str:
    rules = {
        "age": "minimum = 15\nmaximum = 70",
        "excluded_occupation": 'occupations = ["guarda-costeira"]',
        "grant": "amount = 5000",
        "price_ceiling": "amount = 4000",
        "modes": 'allowed = ["in_person", "hybrid", "webinar"]',
        "languages": 'allowed = ["pt"]',
        "minimum_education": 'education = { advanced = "lower_secondary" }',
        "priority_groups": 'groups = ["pescadores"]',
        "registration": "opens_days_before = 365\ncloses_days_before = 3",
        "class_dates": f"last_day = {today + dt.timedelta(days=200)}",
        "reach": "urban_km = 15\nrural_km = 25\nsea_crossing_km = 100\nneighbour_km = 5",
    }
    head = (
        'id = "serenas"\nname = "Formar"\nversion = "1"\ncurrency = "ISE"\nlanguages = ["pt"]\n'
        f"topics = {json.dumps(list(SKILLS), ensure_ascii=False)}\n"
    )
    return head + "".join(
        f'\n[[rule]]\nkind = "{kind}"\nvalid_from = 2020-01-01\nsource = "Lei 1"\n{body}\n'
        for kind, body in rules.items()
    )


def _skills() -> str:
    return "".join(
        f'[[skill]]\nid = "{slug(name)}"\npt_label = "{name}"\n'
        for names in SKILLS.values()
        for name in names
    )


def _occupations() -> str:
    return "".join(
        f'[[occupation]]\nid = "{name}"\ncode = "{code}"\npt_label = "{name.replace("-", " ")}"\n'
        f"skills = {json.dumps([slug(skill) for skill in skills], ensure_ascii=False)}\n"
        for name, (code, skills) in OCCUPATIONS.items()
    )


def _messages() -> str:
    """The English texts, with those that the test reads in Portuguese."""
    english = tomllib.loads((SHIPPED_MESSAGES / "en.toml").read_text(encoding="utf-8"))
    lines = []
    for section, texts in english.items():
        lines.append(f"[{section}]")
        for code, text in (texts | MESSAGES.get(section, {})).items():
            lines.append(f"{code} = {json.dumps(text, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


COURSES_MAPPING = """
name = "formacoes"
kind = "courses"
[columns]
course_id = "codigo"
title = "titulo"
provider_id = { source = "escola", parser = "name" }
category = "area"
skills = { source = "competencias", parser = "list", separator = ";" }
mode = "formato"
level = "nivel"
region_code = { source = "concelho", parser = "region" }
price_idr = { source = "custo", parser = "integer" }
duration_hours = { source = "horas", parser = "duration_hours" }
[constants]
language = "pt"
[enumerations.mode]
"presencial" = "in_person"
"em linha" = "webinar"
"ao seu ritmo" = "self_paced"
[enumerations.level]
"básico" = "beginner"
"avançado" = "advanced"
"""
CLASSES_MAPPING = """
name = "turmas"
kind = "classes"
[columns]
class_id = "turma"
course_id = "codigo"
region_code = { source = "concelho", parser = "region" }
starts_on = "inicio"
ends_on = "fim"
seats = "vagas"
seats_left = "livres"
"""
PARTICIPANTS_MAPPING = """
name = "pessoas"
kind = "participants"
[columns]
participant_id = "numero"
birth_year = "nascimento"
education = "escolaridade"
occupation = "ocupacao"
target_occupation = "objetivo"
skills = { source = "competencias", parser = "list", separator = ";" }
region_code = { source = "concelho", parser = "region" }
groups = { source = "grupo", parser = "list" }
[constants]
profiling_opt_out = "false"
[enumerations.education]
"primária" = "primary"
"secundária" = "upper_secondary"
"""
INTERACTIONS_MAPPING = """
name = "eventos"
kind = "interactions"
[columns]
event_id = "evento"
participant_id = "numero"
course_id = "codigo"
kind = "tipo"
at = "quando"
[enumerations.kind]
"compra" = "purchase"
"conclusão" = "complete"
"""
VACANCIES_MAPPING = """
name = "vagas"
kind = "vacancies"
[columns]
vacancy_id = "vaga"
title = "cargo"
region_code = { source = "concelho", parser = "region" }
openings = "lugares"
"""
MAPPINGS = {
    "courses": COURSES_MAPPING,
    "classes": CLASSES_MAPPING,
    "participants": PARTICIPANTS_MAPPING,
    "interactions": INTERACTIONS_MAPPING,
    "vacancies": VACANCIES_MAPPING,
}


def write_sources(folder: Path, today: dt.date, people: int = 150) -> dict[str, tuple[Path, Path]]:
    """Write the country's files as its offices keep them, and a mapping for each: table -> both."""
    rng = Random(1)  # noqa: S311
    courses = _courses()
    persons = [_person(rng, number) for number in range(people)]
    tables = {
        "courses": courses,
        "classes": [row for course in courses for row in _classes(course, today)],
        "participants": persons,
        "interactions": _events(rng, persons, courses, today),
        "vacancies": [
            {"vaga": f"v{i}", "cargo": cargo, "concelho": place, "lugares": i % 7 + 1}
            for i, (cargo, place) in enumerate(
                (cargo, place)
                for place in MUNICIPALITIES
                for cargo in ("Pescador de rede", "Pedreiro", "Lojista com experiência")
            )
        ],
    }
    written = {}
    for table, rows in tables.items():
        source, mapping = folder / f"{table}.csv", folder / f"{table}.toml"
        pl.DataFrame(rows, infer_schema_length=None).write_csv(source)
        mapping.write_text(MAPPINGS[table], encoding="utf-8")
        written[table] = (source, mapping)
    return written


def _courses() -> list[dict]:
    """Forty trainings: ten an area, of every format, price and level."""
    rows = []
    for area, skills in SKILLS.items():
        for number in range(10):
            skill = skills[number % 3]
            format_ = ("presencial", "em linha", "ao seu ritmo")[number % 3 if number < 9 else 0]
            rows.append(
                {
                    "codigo": f"{area[:3]}-{number}",
                    "titulo": f"{skill.capitalize()} para {area}, parte {number}",
                    "escola": f"Escola {number % 4}",
                    "area": area,
                    "competencias": ";".join({slug(skill): 0, slug(skills[0]): 0}),
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


def _person(rng: Random, number: int) -> dict:
    target = rng.choice(list(OCCUPATIONS)[:4])
    return {
        "numero": f"p{number}",
        "nascimento": rng.randrange(1965, 2006),
        "escolaridade": rng.choice(["primária", "secundária"]),
        "ocupacao": "guarda-costeira" if number % 50 == 7 else "lojista",
        "objetivo": target,
        "competencias": slug(rng.choice(OCCUPATIONS[target][1])),
        "concelho": rng.choice(MUNICIPALITIES),
        "grupo": "pescadores" if target == "pescador" else "",
    }


def _events(rng: Random, persons: list[dict], courses: list[dict], today: dt.date) -> list[dict]:
    """Everybody buys two or three trainings, most of them of the area of their goal."""
    areas = dict(zip(list(OCCUPATIONS)[:4], SKILLS, strict=True))
    rows: list[dict] = []
    for number, person in enumerate(persons):
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
