"""What a dataset refers to: rules, regions, vocabularies and texts; its own folders win over the project's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from recommender.messages import load_messages
from recommender.participants.batch import Vocabularies
from training_data.dataset import Dataset
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import Programme, load_programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills


@dataclass(frozen=True)
class ReferenceData:
    """Rules and vocabularies, with the folders they came from."""

    programme: Programme
    vocabularies: Vocabularies
    folders: Mapping[str, Path]


def load_reference_data(dataset: Dataset) -> ReferenceData:
    """Load what a dataset names.

    These are the region pack, ``skills``, ``occupations``, ``words`` and ``messages``; the rule pack may be a file.
    """
    shipped = Path(str(resources.files("training_data")))
    pack = dataset.info.region_pack
    folders = {
        "regions": _own_or(dataset.folder / pack, shipped / "regions" / pack),
        "skills": _own_or(dataset.folder / "skills", shipped / "skills"),
        "occupations": _own_or(dataset.folder / "occupations", shipped / "occupations"),
        "words": _own_or(dataset.folder / "words", shipped / "words"),
    }
    messages = dataset.folder / "messages"
    if messages.is_dir():
        folders["messages"] = messages
    programme = load_programme(dataset.own_or_named(dataset.info.programme))
    for language in programme.languages:
        load_messages(language, programme, messages)  # now, not at the first request
    skills = load_skills(folders["skills"])
    vocabularies = Vocabularies(
        RegionTable.load(folders["regions"]),
        skills,
        load_occupations(skills, folders["occupations"]),
    )
    return ReferenceData(programme, vocabularies, folders)


def _own_or(own: Path, shipped: Path) -> Path:
    return own if own.is_dir() else shipped
