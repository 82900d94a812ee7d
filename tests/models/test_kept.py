"""What is kept for words: worked out once, and not more than was asked for."""

from __future__ import annotations

from models.kept import Kept


def test_values_are_worked_out_once_until_there_are_too_many() -> None:
    kept, worked = Kept[str](most=2), list[list[str]]()

    def work(words: list[str]) -> list[str]:
        worked.append(words)
        return [word.upper() for word in words]

    assert kept.of(["a", "b", "a"], work) == ["A", "B", "A"]
    assert kept.of(["b"], work) == ["B"]
    assert worked == [["a", "b"]]
    assert kept.of(["c", "a"], work) == ["C", "A"]
    assert kept.of(["a", "c"], work) == ["A", "C"]
    assert worked == [["a", "b"], ["c", "a"]]
    assert kept.of(["d", "e", "f"], work) == ["D", "E", "F"]
    assert kept.of([], work) == []
