"""Occupations that a programme leaves out, found as words in what people write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from training_data.programmes.rules import ExcludedOccupationRule
from training_data.text import normalise

CLAUSES = re.compile(r"[,;/|\n]")


@dataclass(frozen=True)
class ExcludedOccupations:
    """The names of a rule, ready to be looked for."""

    rule: ExcludedOccupationRule

    def names(self, phrase: str) -> bool:
        """Whether a phrase names an excluded occupation, and not a former one, a relative or the like."""
        return any(self._is_named(normalise(clause)) for clause in CLAUSES.split(phrase))

    def covers(self, code: str) -> bool:
        """Whether a code of the national classification is excluded."""
        return code.startswith(self.rule.codes) if self.rule.codes else False

    def _is_named(self, clause: str) -> bool:
        before, after, turning = self._unless
        return any(
            not before & _take_last_part(clause[: found.start()].split(), turning)
            and not after & set(clause[found.end() :].split())
            for found in self._pattern.finditer(clause)
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Each name as whole words, where ``*`` stands for any words between."""
        names = (
            r"(?: \S+)* ".join(re.escape(normalise(part)) for part in name.split("*"))
            for name in self.rule.occupations
        )
        return re.compile(rf"(?<!\S)(?:{'|'.join(names)})(?!\S)")

    @cached_property
    def _unless(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        rule = self.rule
        before, after, turning = (
            frozenset(normalise(word) for word in words)
            for words in (rule.unless_preceded_by, rule.unless_followed_by, rule.turning_words)
        )
        return before, after, turning


def _take_last_part(words: list[str], turning: frozenset[str]) -> set[str]:
    """Return the words after the last turn, as of "mantan honorer sekarang guru"."""
    turns = [place for place, word in enumerate(words) if word in turning]
    return set(words[turns[-1] :] if turns else words)
