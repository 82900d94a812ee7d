"""The one reader of participants: from rows under contract to prepared participants.

Whoever asks about somebody (a list, a plan, an eligibility decision, an audience, an evaluation, training)
reads them here, so that all understand the same of what a person wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from models.skills.extraction import SkillExtractor, link_skills
from models.skills.occupation_finder import OccupationFinder, link_occupations
from models.text.content_space import ContentSpace
from recommender.catalogue.catalogue import Catalogue
from recommender.objective import Objective
from recommender.participants.batch import Vocabularies, build_batch
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.profile_embedding import (
    Phrase,
    Written,
    collect_phrases,
    collect_written,
    embed_profiles,
)
from training_data.arrays import Columns, Table, replace_columns, to_list
from training_data.columns import Participants, bind_columns
from training_data.programmes.rules import RulesInForce

P = bind_columns(Participants)
MAX_KEPT = 10_000  # phrases that were read alone


@dataclass(frozen=True)
class Linkers:
    """What links a person's own words to the vocabularies, and encodes them."""

    content: ContentSpace
    skills: SkillExtractor
    occupations: OccupationFinder


@dataclass(frozen=True)
class ParticipantReader:
    """Reads participants for one catalogue's skills, occupations and regions.

    Attributes
    ----------
    language : str
        Language of the labels that stand for ids in profiles.
    linkers : Linkers, optional
        None: phrases are linked where they name something word for word, and profiles have no vectors.
    """

    vocabularies: Vocabularies
    language: str
    linkers: Linkers | None = field(default=None, repr=False)

    def read(
        self,
        participants: Table,
        events: Table,
        catalogue: Catalogue,
        rules: RulesInForce,
        objective: Objective,
    ) -> PreparedParticipants:
        """Read valid rows of the Participants contract, and of the Interactions contract for them.

        Parameters
        ----------
        rules : RulesInForce
            Of the day; their grant is the balance of those whose own is not known.
        objective : Objective
            What events are worth.
        """
        linked = self._link(participants)
        grant = None if rules.grant is None else rules.grant.amount
        batch = build_batch(linked, events, catalogue, self.vocabularies, grant, objective)
        profile = embed_profiles(
            linked,
            self.vocabularies.skills,
            self.vocabularies.occupations.vocabulary,
            self.language,
            self._encode,
            self._dim,
        )
        ids = tuple(to_list(participants[P.participant_id.name]))
        written = collect_written(participants)
        return PreparedParticipants(rules.day, ids, batch, written, profile, {})

    def read_alone(self, written: Written) -> frozenset[str]:
        """Return the phrases of a profile that something written stands for; the last of them are kept."""
        return self._read_alone(written)

    @cached_property
    def _read_alone(self) -> Callable[[Written], frozenset[str]]:
        vocabularies = self.vocabularies

        def read(written: Written) -> frozenset[str]:
            empty = {name: [None] for name in Participants.columns()}
            in_list = written.column in (P.skills.name, P.interests.name)
            value = [written.text] if in_list else written.text
            linked = self._link({**empty, written.column: [value]})
            occupations = vocabularies.occupations.vocabulary
            phrases, _ = collect_phrases(linked, vocabularies.skills, occupations, self.language)
            return frozenset(phrases)

        return lru_cache(maxsize=MAX_KEPT)(read)

    def _link(self, participants: Table) -> Table:
        """Return the rows with ids of skills and of the goal where a person's own words name or mean them."""
        if self.linkers is None:
            return participants
        skills, target = P.skills.name, P.target_occupation.name
        linked: Columns = {
            skills: link_skills(to_list(participants[skills]), self.linkers.skills),
            target: link_occupations(to_list(participants[target]), self.linkers.occupations),
        }
        return replace_columns(participants, linked)

    def _encode(self, texts: Sequence[str]) -> tuple[Phrase, ...]:
        """Return the phrases, one object for all who use a phrase at the same time."""
        phrases = {text: self._phrases.get(text) for text in texts}
        new = [text for text, phrase in phrases.items() if phrase is None]
        vectors = self._encode_anew(new)
        for text, vector in zip(new, vectors, strict=True):
            phrases[text] = self._phrases[text] = Phrase(text, vector.copy())
        return tuple(phrase for phrase in phrases.values() if phrase is not None)

    def _encode_anew(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.linkers is None or not texts:
            return np.zeros((len(texts), self._dim), dtype=np.float32)
        return self.linkers.content.encode_phrases(texts)

    @property
    def _dim(self) -> int:
        return self.linkers.content.dim if self.linkers else 0

    @cached_property
    def _phrases(self) -> WeakValueDictionary[str, Phrase]:
        return WeakValueDictionary()
