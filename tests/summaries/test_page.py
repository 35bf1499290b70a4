"""The page that executives read and print: whole in itself, the same each time, nobody's words obeyed."""

from dataclasses import replace
from uuid import UUID

from hub.summaries import document, page
from hub.summaries.facts import TopPolicy
from hub.summaries.wording import changes
from tests.outline import Outline, readable_by_ear, words
from tests.summaries.making import nothing, october


def test_it_begins_with_the_four_numbers_and_what_changed() -> None:
    told = words(page.rendered(october()))
    assert told.startswith(
        "Exceptions in October 2026 Skip to what changed Exceptions in October 2026"
        " As of 1 November 2026, 00:00 (Europe/Berlin). Compared with the period before."
        " In four numbers Open 41 a month ago 35 End within 30 days 9 a month ago 3"
        " True compliance 88.4 % reported: 96.2 %; a month ago 90.1 % Time to decide 31 hours median; a month ago 52"
        f" What changed {' '.join(changes(october()))}"
    )


def test_it_holds_every_chart_with_its_table_and_says_how_to_read_it() -> None:
    outline = Outline(page.rendered(october()))
    assert sum(tag == "svg" for tag, _ in outline.elements) == 5
    assert sum(tag == "caption" for tag, _ in outline.elements) == 6
    told = words(page.rendered(october()))
    for part in (
        "performance-by-segment Performance by segment 14 11 5",
        "Oct 2026 96.2 % 88.4 % 214 2,744",
        "Reported compliance the share of checks that pass or are waived by an exception, of those that were asked.",
        "In force granted, and not revoked, resolved or over by its date: what fails there counts as waived.",
    ):
        assert part in told, f"{part} | {told}"


def test_its_digest_tells_whether_two_summaries_have_the_same_facts() -> None:
    one = document.digest(october())
    assert f"SHA-256 of the facts: {one}" in words(page.rendered(october()))
    assert document.digest(october(overdue_reviews=4)) != one
    assert document.read(document.document(october())) == october()
    assert document.digest(document.read(document.document(october()))) == one


def test_two_documents_are_compared_figure_by_figure() -> None:
    one, other = document.document(october()), document.document(october(overdue_reviews=4, ages=()))
    assert document.differences(one, one) == []
    told = document.differences(one, other)
    assert told[-1] == "overdue_reviews: 3, then 4"
    assert told[0].startswith("ages.000: {")
    later = replace(october(), now=replace(october().now, opened=13))
    assert document.differences(one, document.document(later)) == ["now.opened: 12, then 13"]


def test_it_is_the_same_each_time_and_needs_nothing_else() -> None:
    html = page.rendered(october())
    assert html == page.rendered(october())
    outline = Outline(html)
    assert outline.tags().isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert "url(http" not in html
    assert page.POLICY.startswith("default-src 'none'; style-src 'sha256-")
    readable_by_ear(outline)


def test_a_month_in_which_nothing_happened_is_a_page_too() -> None:
    told = words(page.rendered(nothing()))
    assert (
        "(Europe/Berlin). In four numbers Open 0 End within 30 days 0 True compliance – no check was asked"
        " Time to decide – nothing was decided What changed" in told
    )
    assert "Policies with the most" not in told
    assert told.count("Nothing is on record.") == 8, "four charts, each told and drawn"
    readable_by_ear(Outline(page.rendered(nothing())))


def test_a_month_without_decisions_tells_how_long_they_took_before() -> None:
    told = words(page.rendered(october(median_hours_to_decide=None)))
    assert "Time to decide – nothing was decided; a month ago 52 hours What changed" in told
    told = words(page.rendered(october(median_hours_to_decide_before=None)))
    assert "Time to decide 31 hours median What changed" in told


def test_other_peoples_words_stay_words() -> None:
    hostile = TopPolicy(UUID(int=9), '<script>alert(1)</script>"', "safe\u202egpj.exe{{ 7 * 7 }}", 99, 1, 1)
    html = page.rendered(october(top_policies=(hostile,), team="<b>Lending</b>"))
    assert "script" not in Outline(html).tags()
    assert "b" not in Outline(html).tags()
    told = words(html)
    assert '<script>alert(1)</script>" has 99 open exceptions, the most' in told
    assert "safe⟦U+202E⟧gpj.exe{{ 7 * 7 }}" in told
    assert "Exceptions in October 2026, team <b>Lending</b>" in told
