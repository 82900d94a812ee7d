"""Roots of Indonesian words: what stays when prefixes and suffixes are taken off.

Affixes change the first letter of a root (``tulis``, ``menulis``; ``pangkas``, ``memangkas``), and which
root is meant only a dictionary knows. So a word has several possible roots, and two words are taken for
forms of one when they share any. The rules are those of Adriani et al., "Stemming Indonesian: a
confix-stripping approach", ACM TALIP 6(4), 2007.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_LEAST: Final = 4  # letters of a root; shorter ones are shared by chance
_VOWEL: Final = "[aeiou]"
# What is taken off a word's beginning, and the letter that stood there before.
_PREFIXES: Final = tuple(
    (re.compile(pattern), letter)
    for pattern, letter in (
        (rf"[mp]eng(?={_VOWEL})", ""),
        (rf"[mp]eng(?={_VOWEL})", "k"),
        (r"[mp]eng(?=[ghk])", ""),
        (rf"[mp]em(?={_VOWEL}|r)", "p"),
        (r"[mp]em(?=[bfvp])", ""),
        (rf"[mp]en(?={_VOWEL})", "t"),
        (r"[mp]en(?=[cdjz]|sy|tr)", ""),
        (rf"[mp]eny(?={_VOWEL})", "s"),
        (r"me(?=[lmnrwy])", ""),
        (r"pe(?=[^aeiou])", ""),
        (r"(?:memp|dip|p|b|t)er", ""),
        (r"(?:mem|pem)ber", ""),
        (r"di", ""),
    )
)
_CIRCUMFIX: Final = re.compile(r"ke(\w+)an")
_SUFFIXES: Final = ("", "an", "kan", "i", "nya", "annya", "kannya", "inya")
_WHOLE: Final = frozenset(  # of which the root has come to mean something else
    ("bangunan", "jaringan", "pelaut", "pembukuan", "perdana", "satuan")
)
_NO_ROOTS: Final = frozenset(("kelas",))  # of which nothing is derived: mengelas is las
_SHORT: Final = re.compile(rf"[mp]enge([^aeiou]{_VOWEL}[^aeiou])(?:an|kan)?")  # mengecat: cat


@lru_cache(maxsize=1 << 14)
def roots(word: str) -> frozenset[str]:
    """Return the word and all that it may be derived from; ``word`` is in lower case.

    Of a word said twice (``sayur-sayuran``), the roots that both parts have.
    """
    if word in _WHOLE:
        return frozenset({word})
    first, hyphen, second = word.partition("-")
    if hyphen:
        return frozenset({word}) | (roots(first) & roots(second))
    stems = {word.removesuffix(suffix) for suffix in _SUFFIXES}
    stems.update(_CIRCUMFIX.findall(word) if _CIRCUMFIX.fullmatch(word) else ())
    without = {
        letter + stem[found.end() :]
        for stem in stems
        for prefix, letter in _PREFIXES
        if (found := prefix.match(stem))
    }
    short = _SHORT.fullmatch(word)
    long = {root for root in stems | without if len(root) >= _LEAST} - _NO_ROOTS
    return frozenset({word, *long, *(short.groups() if short else ())})
