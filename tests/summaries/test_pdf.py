"""The summary as a PDF: text that can be selected, charts that are named, the same bytes whenever it is made."""

from io import BytesIO
from typing import Any
from uuid import UUID

from pypdf import PdfReader

from hub.summaries import document, pdf
from hub.summaries.charts import charts
from hub.summaries.facts import TopPolicy
from hub.summaries.wording import changes
from tests.summaries.making import nothing, october


def read(made: bytes) -> PdfReader:
    return PdfReader(BytesIO(made))


def words(made: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(made).pages).split())


def alternatives(made: bytes) -> list[str]:
    """What screen readers say of pictures."""
    found: list[str] = []

    def look(node: Any) -> None:
        node = node.get_object()
        if not isinstance(node, dict):
            return
        if node.get("/S") == "/Figure":
            found.append(node["/Alt"])
        kids = node.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            look(kid)

    look(read(made).trailer["/Root"]["/StructTreeRoot"])
    return found


def test_it_is_the_same_bytes_whenever_it_is_made() -> None:
    assert pdf.rendered(october()) == pdf.rendered(october())
    assert pdf.rendered(october()) != pdf.rendered(october(overdue_reviews=4))


def test_all_of_it_can_be_selected_and_searched() -> None:
    told = words(pdf.rendered(october()))
    for part in (
        "As of 1 November 2026, 00:00 (Europe/Berlin). Compared with the period before.",
        *changes(october()),
        "performance-by-segment 14 11 5",
        "96.2 % reported",
        "Reported compliance the share of checks that pass or are waived by an exception, of those that were asked.",
        "Oct 2026 96.2 % 88.4 % 214 2,744",
        document.digest(october()),
    ):
        assert part in told, f"{part} | {told}"


def test_it_has_a_title_a_language_and_page_numbers() -> None:
    made = read(pdf.rendered(october()))
    assert made.metadata is not None
    assert (made.metadata.title, made.metadata.author) == ("Exceptions in October 2026", "Governance hub")
    assert made.metadata.creation_date is not None
    assert made.metadata.creation_date == october().as_of
    assert made.trailer["/Root"]["/Lang"] == "en"
    pages = len(made.pages)
    assert [page.extract_text().split("\n")[-1].strip()[-5:] for page in made.pages] == [
        f"{place} / {pages}" for place in range(1, pages + 1)
    ]


def test_charts_are_drawings_with_their_figures_in_words() -> None:
    made = pdf.rendered(october())
    assert [" ".join(one.split()) for one in alternatives(made)] == [one.figures for one in charts(october())]
    assert all(not page.images for page in read(made).pages), "a picture of dots instead of a drawing"


def test_nothing_on_record_is_a_pdf_too() -> None:
    assert "No exception is open; there is no month before to compare with." in words(pdf.rendered(nothing()))


def test_other_peoples_words_are_no_markup() -> None:
    hostile = TopPolicy(UUID(int=9), '#panic("x") $y$ = *b* <l> @r', "", 99, 1, 1)
    told = words(pdf.rendered(october(top_policies=(hostile,), team='"); #read("/etc/passwd")')))
    assert '#panic("x") $y$ = *b* <l> @r 99 1 1' in told
    assert 'Exceptions in October 2026, team "); #read("/etc/passwd")' in told


def test_names_in_any_script_make_no_error() -> None:
    assert pdf.rendered(october(team="審査 😀 مرحبا")).startswith(b"%PDF-")
    assert "team Ελλάδα Россия" in words(pdf.rendered(october(team="Ελλάδα Россия")))
