"""Texts that were written for a browser, without their tags."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

MARKUP: Final = (
    r"(?i)</?(?:p|br|div|span|ul|ol|li|b|i|u|a|em|strong|h[1-6]|table|tbody|thead|tr|td|th|img|font|hr"
    r"|blockquote|pre|code|section|article|figure|iframe|sup|sub|small|script|style|html|body|head)"
    r"(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#[0-9]{1,6}|#x[0-9a-f]{1,5});"
)
"""Where a text holds a tag or a character reference; "a < b" and "R&D" are neither."""

_ON_A_NEW_LINE: Final = {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"}
_UNSEEN: Final = {"script", "style", "head"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self._unseen += tag in _UNSEEN
        if tag in _ON_A_NEW_LINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in _UNSEEN), 0)
        if tag in _ON_A_NEW_LINE - {"br"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def strip_markup(text: str) -> str:
    """Return what a browser shows of a text: paragraphs and items on lines of their own."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
