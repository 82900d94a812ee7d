"""The one reader of participants: from rows under contract to prepared participants.

Whoever asks about somebody (a list, a plan, an eligibility decision, an audience, an evaluation, training)
reads them here, so that all understand the same of what a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np

from recommender.catalogue.catalogue import Catalogue
from recommender.objective import Objective
from recommender.participants.batch import Vocabularies, build_batch
from recommender.participants.phrases import Linkers, Phrase, PhraseReader, Said
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.profile_embedding import Written, collect_written, embed_profiles
from training_data.arrays import Columns, Table, replace_columns, to_list
from training_data.columns import Participants, bind_columns
from training_data.programmes.rules import RulesInForce

P = bind_columns(Participants)


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
        profile = embed_profiles(participants, self.understand, self._dim)
        ids = tuple(to_list(participants[P.participant_id.name]))
        written = collect_written(participants)
        return PreparedParticipants(rules.day, ids, batch, written, profile, {})

    def read_alone(self, written: Written) -> frozenset[str]:
        """Return the phrases of a profile that something written stands for."""
        said = self.understand([written.text])[written.text]
        return frozenset(one.phrase.text for one in said if one.wanted)

    def understand(self, phrases: Sequence[str]) -> Mapping[str, tuple[Said, ...]]:
        """Return what each phrase says."""
        if self._phrases is not None:
            return self._phrases.read(phrases)
        none = np.zeros((0,), dtype=np.float32)
        return {text: (Said(Phrase(text, (), (), (), none, none[None][:0])),) for text in phrases}

    def _link(self, participants: Table) -> Table:
        """Return the rows with ids of skills and of the goal where a person's own words name them."""
        if self._phrases is None:
            return participants
        skills, target = P.skills.name, P.target_occupation.name
        held, goals = to_list(participants[skills]), to_list(participants[target])
        phrases = chain(chain.from_iterable(filter(None, held)), filter(None, goals))
        said = self.understand(list(dict.fromkeys(phrases)))
        named = {
            phrase: list(chain.from_iterable(map(self._name_skills, parts)))
            for phrase, parts in said.items()
        }
        linked: Columns = {
            skills: [
                None
                if own is None
                else list(dict.fromkeys(chain.from_iterable(named[phrase] for phrase in own)))
                for own in held
            ],
            target: [None if goal is None else self._name_occupation(goal, said) for goal in goals],
        }
        return replace_columns(participants, linked)

    def _name_skills(self, one: Said) -> list[str]:
        """Return ids of the skills that a part of a phrase names; one that names none stays as written."""
        if not one.wanted or one.lacking or one.to_learn:
            return []
        terms = self.vocabularies.skills.terms
        return [terms[skill].id for skill in one.phrase.skills] or [one.phrase.text]

    def _name_occupation(self, goal: str, said: Mapping[str, tuple[Said, ...]]) -> str:
        """Return the id of the occupation that a goal names; one that names none stays as written."""
        terms = self.vocabularies.occupations.vocabulary.terms
        wanted = (one.phrase for one in said[goal] if one.wanted)
        return next(
            (terms[phrase.occupations[0]].id for phrase in wanted if phrase.occupations), goal
        )

    @property
    def _dim(self) -> int:
        return self.linkers.content.dim if self.linkers else 0

    @cached_property
    def _phrases(self) -> PhraseReader | None:
        return None if self.linkers is None else PhraseReader(self.linkers, self.language)
