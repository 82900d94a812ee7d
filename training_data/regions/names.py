"""From a name as people write it to a region.

Every form a name is written in (with each word for its kind, abbreviated, in an alias) is laid
down beforehand, squashed to lower-case letters and digits; so case, punctuation, accents and spaces
never matter and a lookup is one access to a dictionary. What is not found exactly is split at
commas, and at last compared by edit distance, where one region must win clearly.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from training_data.regions.pack import Affixes, RegionPack

FUZZY_MIN_SCORE = 90.0  # one letter wrong in ten
FUZZY_MIN_LEAD = 4.0  # over the next best region
FUZZY_MIN_LENGTH = 9  # letters; below it one letter makes another place

# How a form came about, best first.
WITH_KIND, WITHOUT_KIND, ALIAS, OTHER_KIND, PLACE = range(5)

_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
_SEPARATORS = re.compile(r"[,;/|()\n]|\s-\s")


class RegionNotFoundError(LookupError):
    """No region, or no single region, bears this name."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A region's claim to a form; of a place within it, the row of that place."""

    stage: int
    order: int
    region: int
    place: int = -1


def squash(text: str) -> str:
    """Keep the ASCII letters and digits, in lower case: "Kota Adm. Ambon" -> "kotaadmambon"."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKD", text).casefold())


class NameIndex:
    """The names of a pack.

    Parameters
    ----------
    pack : RegionPack
    parents : ndarray of int32, shape (R,)
        Row of each region's parent, -1 at the top.
    inside : ndarray of bool, shape (R, R)
        ``inside[a, b]``: b lies within a, now or before a was split.
    """

    def __init__(
        self, pack: RegionPack, parents: NDArray[np.int32], inside: NDArray[np.bool_]
    ) -> None:
        self._parents = parents
        self._inside = inside
        self._levels = pack.regions["level"].to_list()
        self._names = pack.regions["name"].to_list()
        self._claims: dict[str, list[_Claim]] = {}
        for form, claim in itertools.chain(_region_claims(pack), _place_claims(pack)):
            self._claims.setdefault(form, []).append(claim)
        self._fuzzy_forms = [
            form
            for form, claims in self._claims.items()
            if min(claim.stage for claim in claims) <= ALIAS
        ]

    def find(self, text: str, within: int | None = None) -> int | None:
        """Row of the region a text names, or None where none or several would do."""
        found = self._exact(squash(text), within)
        if found is None:
            parts = [part for part in _SEPARATORS.split(text) if squash(part)]
            if len(parts) > 1:
                return self._compound(parts, within)
            found = self._fuzzy(squash(text), within)
        return found

    def find_place(self, text: str, region: int) -> int:
        """Row of the place within a region that a text names, -1 where it names the region alone."""
        for part in (text, *_SEPARATORS.split(text)):
            claims = [one for one in self._claims.get(squash(part), []) if one.region == region]
            places = {claim.place for claim in claims}
            if len(places) == 1 and (place := places.pop()) >= 0:
                return place
        return -1

    def suggest(self, text: str, count: int = 3) -> list[int]:
        """Rows of the regions that a text may have meant, likeliest first."""
        key = squash(text)
        claimants = sorted(self._claims.get(key, []), key=lambda claim: (claim.stage, claim.order))
        similar = process.extract(
            key, self._fuzzy_forms, scorer=fuzz.ratio, score_cutoff=60, limit=4 * count
        )
        close = (claim for form, _, _ in similar for claim in self._claims[form])
        regions = (claim.region for claim in itertools.chain(claimants, close))
        return list(dict.fromkeys(regions))[:count]

    def _exact(self, form: str, within: int | None) -> int | None:
        return self._winner(self._in_scope(self._claims.get(form, []), within))

    def _in_scope(self, claims: list[_Claim], within: int | None) -> list[_Claim]:
        if within is None:
            return claims
        inner = [claim for claim in claims if self._inside[within, claim.region]]
        return inner or [claim for claim in claims if claim.region == within]

    def _winner(self, claims: list[_Claim]) -> int | None:
        """Best claim; None where regions under different parents claim it equally well."""
        if not claims:
            return None
        best = min(claims, key=lambda claim: (claim.stage, claim.order))
        rivals = {
            claim.region
            for claim in claims
            if claim.stage == best.stage
            and claim.region != best.region
            and self._levels[claim.region] == self._levels[best.region]
            and (claim.order == best.order or not self._siblings(claim.region, best.region))
        }
        if not rivals:
            return best.region
        # A district's name shared by several kabupaten of one province still tells the province.
        together = best.stage == PLACE and all(self._siblings(best.region, r) for r in rivals)
        return int(self._parents[best.region]) if together else None

    def _siblings(self, a: int, b: int) -> bool:
        return bool(self._parents[a] == self._parents[b])

    def _compound(self, parts: list[str], within: int | None) -> int | None:
        """Find the narrowest region on which the parts of "Taman, Sidoarjo" agree."""
        found = within
        for part in reversed(parts):
            form = squash(part)
            narrower = self._exact(form, found)
            if narrower is not None:
                found = narrower
            elif (other := self._exact(form, None)) is not None and (
                found is None or not self._inside[other, found]
            ):
                return None
        return found if found != within else None

    def _fuzzy(self, form: str, within: int | None) -> int | None:
        if len(form) < FUZZY_MIN_LENGTH:
            return None
        scores: dict[int, float] = {}
        for close, score, _ in process.extract(
            form,
            self._fuzzy_forms,
            scorer=fuzz.ratio,
            score_cutoff=FUZZY_MIN_SCORE - FUZZY_MIN_LEAD,
            limit=None,
        ):
            region = self._exact(close, within)
            if region is not None:
                scores[region] = max(score, scores.get(region, 0.0))
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        if not ranked or ranked[0][1] < FUZZY_MIN_SCORE:
            return None
        if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < FUZZY_MIN_LEAD:
            return None
        return ranked[0][0]


def _region_claims(pack: RegionPack) -> Iterator[tuple[str, _Claim]]:
    kinds = pack.settings.kinds
    order_of = {kind.kind: order for order, kind in enumerate(kinds)}
    levels_of = dict(pack.regions.group_by("kind").agg("level").iter_rows())
    rows = pack.regions.select("name", "kind", "level", "aliases").iter_rows()
    for region, (name, kind_name, level, aliases) in enumerate(rows):
        order = order_of[kind_name]
        kind = kinds[order]
        bare = _without_kind(name, kind)
        others = [k for k in kinds if k is not kind and level in levels_of.get(k.kind, ())]

        def claims(
            text: str,
            stage: int,
            affixes: Affixes | None = None,
            *,
            o: int = order,
            r: int = region,
        ) -> Iterator[tuple[str, _Claim]]:
            for form in _forms(text, affixes, pack.settings.spellings):
                yield form, _Claim(stage, o, r)

        yield from claims(bare, WITH_KIND, kind)
        yield from claims(bare, WITHOUT_KIND)
        for alias in aliases.split("|") if aliases else ():
            yield from claims(alias, ALIAS)
            yield from claims(alias, ALIAS, kind)
        for other in others:
            yield from claims(bare, OTHER_KIND, other)


def _place_claims(pack: RegionPack) -> Iterator[tuple[str, _Claim]]:
    row_of = {code: row for row, code in enumerate(pack.regions["code"])}
    places = pack.places.select("name", "region_code").iter_rows()
    for place, (name, code) in enumerate(places):
        claim = _Claim(PLACE, 0, row_of[code], place)
        for affixes in (None, pack.settings.places):
            for form in _forms(name, affixes, pack.settings.spellings):
                yield form, claim


def _without_kind(name: str, kind: Affixes) -> str:
    for prefix in sorted(kind.prefixes, key=len, reverse=True):
        if name.casefold().startswith(prefix + " "):
            return name[len(prefix) + 1 :]
    return name


def _forms(
    name: str, affixes: Affixes | None, spellings: dict[str, tuple[str, ...]]
) -> Iterator[str]:
    """Squashed ways to write a name: bare, or with each of the affixes where they are given."""
    words = re.findall(r"\w+", name.casefold())
    for spelt in itertools.product(*((word, *spellings.get(word, ())) for word in words)):
        key = squash("".join(spelt))
        if affixes is None:
            yield key
        else:
            yield from (squash(prefix) + key for prefix in affixes.prefixes)
            yield from (key + squash(suffix) for suffix in affixes.suffixes)
