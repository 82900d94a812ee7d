"""What phrases name: given cases, and nothing where only a generic word or a likeness of letters is shared."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from models.skills.phrase_linking import PhraseLinker
from models.text.standard_words import StandardWords
from training_data.skills.loading import load_skills
from training_data.text import normalise
from training_data.words.spoken import SpokenWords


@pytest.fixture(scope="module")
def linker() -> PhraseLinker:
    skills = load_skills()
    names = [name for term in skills.terms for name in term.names()]
    standard = StandardWords(SpokenWords.load(), " ".join(map(normalise, names)).split())
    return PhraseLinker(skills, standard)


def list_ids(linker: PhraseLinker, phrase: str) -> list[str]:
    return [linker.vocabulary.terms[number].id for number in linker.find(phrase).terms]


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("las", "pengelasan-*"),
        ("welding SMAW", "pengelasan-smaw"),
        ("bikin kue", "pembuatan-*"),
        ("bs ngetik", "mengetik-*"),
        ("benerin motor", "servis-sepeda-motor"),
        ("momong anak", "pengasuhan-anak"),
        ("ms word", "pengolah-kata"),
        ("panen sawit", "budidaya-kelapa-sawit"),
        ("tandur padi", "budidaya-padi"),
        ("ngopeni wedhus", "beternak-kambing-domba"),
        ("pasang cctv", "pemantauan-cctv"),
        ("bikin laporan keuangan", "laporan-*"),
        ("usaha laundry", "binatu"),
        ("coding", "logika-pemrograman"),
    ],
)
def test_everyday_phrases_are_understood(linker: PhraseLinker, phrase: str, meant: str) -> None:
    found = list_ids(linker, phrase)
    assert found
    assert all(fnmatchcase(one, meant) for one in found), found


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "jaring ikan",
        "operator",
        "teknisi",
        "menjadi",
        "bagi",
        "asdfgh",
        "rajin dan jujur",
        "naik kuda",
    ],
)
def test_nothing_is_taken_for_something(linker: PhraseLinker, phrase: str) -> None:
    assert list_ids(linker, phrase) == []


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("jualan baju online", "penjualan-lokapasar"),
        ("jualan camilan lewat internet", "penjualan-lokapasar"),
        ("dagang sayur di pasar", "pemasaran-hasil-tani"),
    ],
)
def test_generic_words_that_are_a_name_together_say_what_is_done(
    linker: PhraseLinker, phrase: str, meant: str
) -> None:
    assert meant in list_ids(linker, phrase)


def test_a_nearer_phrase_shares_more(linker: PhraseLinker) -> None:
    shares = [linker.find(p).share for p in ("jahit", "jahit baju pesta", "naik kuda")]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    assert shares[-1] == 0


def test_every_name_leads_to_a_term_of_that_name(linker: PhraseLinker) -> None:
    for term in linker.vocabulary.terms:
        for name in term.names():
            found = linker.find(name)
            assert found.exact
            named = linker.vocabulary.terms[found.terms[0]]
            assert normalise(name) in {normalise(one) for one in (named.id, *named.names())}
