"""The occupation that somebody's own words stand for: by name, by national title, or by its telling words.

What the words name may be an occupation of the national classification that the vocabulary lacks: then the
answer is none, not the next best.
"""

from __future__ import annotations

from functools import cached_property

from models.skills.phrase_linking import Links, PhraseLinker
from models.text.standard_words import StandardWords
from training_data.occupations.national import NationalOccupations
from training_data.occupations.occupations import Occupations


class OccupationFinder:
    """Finds occupations in phrases.

    Parameters
    ----------
    occupations : Occupations
    national : NationalOccupations
        Its titles lead to the occupation of ours in the same unit group, or to none.
    standard : StandardWords
    """

    def __init__(
        self, occupations: Occupations, national: NationalOccupations, standard: StandardWords
    ) -> None:
        self.occupations = occupations
        self.national = national
        self.standard = standard

    def find(self, phrase: str) -> Links:
        """Return the occupations that a phrase names; none where it names none, or one we lack."""
        said = self.standard.standardise(phrase)
        for name in dict.fromkeys((phrase, said, " ".join(self.standard.spoken.content(said)))):
            if (number := self.national.nearest(name, self.occupations)) >= 0:
                return Links((number,), exact=True, share=1.0)
            if name and self.national.find_code(name) is not None:
                return Links(())
        return self._linker.find(phrase)

    @cached_property
    def _linker(self) -> PhraseLinker:
        return PhraseLinker(self.occupations.vocabulary, self.standard)
