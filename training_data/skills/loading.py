"""The skill vocabulary from a folder, in whichever format it holds."""

from __future__ import annotations

from pathlib import Path

from training_data.skills.esco import load_esco
from training_data.skills.vocabulary import Vocabulary, read_entries, read_term

SHIPPED = Path(__file__).parent


def load_skills(folder: Path | None = None) -> Vocabulary:
    """Load the skill vocabulary from a folder, by default the project's own.

    The folder holds TOML files, or else one ``.csv`` file of ESCO's skills (`training_data.skills.esco`).
    """
    folder = folder or SHIPPED
    if foreign := sorted(folder.glob("*.csv")):
        return load_esco(foreign[0])
    entries = read_entries(folder, "skill")
    return Vocabulary(tuple(read_term(entry, topic) for entry, topic in entries))
