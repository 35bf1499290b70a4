"""What a page is made of, as tests look at it."""

import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """What a page is made of: its elements, its links, its text; refuses elements that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += f"{data} "

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def words(html: str) -> str:
    return " ".join(Outline(html).text.split())


def readable_by_ear(outline: Outline) -> None:
    """One main head and no level left out; tables with captions and scopes; ids that are there, and once."""
    ids = {attrs["id"] for _, attrs in outline.elements if "id" in attrs}
    assert len(ids) == sum("id" in attrs for _, attrs in outline.elements)
    for tag, attrs in outline.elements:
        assert not {"src", "style", "onclick", "onload"} & attrs.keys()
        if tag == "a":
            assert str(attrs["href"]).removeprefix("#") in ids
        if tag == "th":
            assert attrs["scope"] in ("col", "row")
        if "aria-labelledby" in attrs:
            assert set(str(attrs["aria-labelledby"]).split()) <= ids
    heads = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert heads[0] == 1
    assert heads.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(heads))
    assert sum(tag == "table" for tag, _ in outline.elements) == sum(tag == "caption" for tag, _ in outline.elements)
    assert ("html", {"lang": "en"}) in outline.elements
