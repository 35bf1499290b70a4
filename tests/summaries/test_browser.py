"""The page in a real browser: nothing is refused or broken, it prints on A4, and is read by eye and by ear alike."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.cli import web
from hub.people import serving
from hub.summaries import page
from hub.summaries.charts import charts
from hub.summaries.facts import Cliff, Summary
from tests.browser import CHROMIUM, Tab, tab
from tests.summaries.making import nothing, october

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt install chromium")

A4_BETWEEN_MARGINS = 680
"""Pixels: 210 mm less twice 15."""

OUT_OF_THE_DRAWING = """[...document.querySelectorAll("svg")].flatMap(svg => [...svg.querySelectorAll("text")]
  .filter(text => { const box = text.getBBox(), all = svg.viewBox.baseVal;
    return box.x < -1 || box.y < -1
      || box.x + box.width > all.width + 1 || box.y + box.height > all.height + 1 })
  .map(text => text.textContent))"""

OVER_ONE_ANOTHER = """[...document.querySelectorAll("svg")].flatMap(svg => {
  const all = [...svg.querySelectorAll("text")].map(one => [one.textContent, one.getBBox()]);
  return all.flatMap(([one, a], place) => all.slice(place + 1)
    .filter(([_, b]) => Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 1
      && Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 5)
    .map(([other]) => `${one} | ${other}`)) })"""

TOO_WIDE = """[...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right
  > document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 80))"""

BROKEN_HEADS = """[...document.querySelectorAll("thead th")].filter(one => {
  const range = document.createRange(); range.selectNodeContents(one);
  return !one.textContent.trim().includes(" ") && new Set([...range.getClientRects()].map(box => box.top)).size > 1 })
  .map(one => one.textContent)"""

CONTRAST = """(() => {
  const light = of => { const [r, g, b] = of.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
  const paper = getComputedStyle(document.body).backgroundColor;
  const of = (what, name) => ratio(getComputedStyle(document.querySelector(what))[name], paper);
  return {ink: of("li", "color"), note: of(".lead", "color"), accent: of(".chart .accent", "fill"),
          chart: of(".chart", "color")} })()"""


def large() -> Summary:
    """October of a company with thousands of exceptions."""
    many = {"opened": 137, "resolved": 421, "expired": 650, "open_at_end": 1_033}
    series = tuple(
        replace(one, **{name: getattr(one, name) * by for name, by in many.items()}) for one in october().series
    )
    return october(series=series, cliff=Cliff(9_000, 14_000, 20_000))


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Where a page is served as the hub serves it."""

    async def answer(request: Request) -> Response:
        summary = {"/nothing": nothing(), "/large": large()}.get(request.url.path, october())
        return Response(page.rendered(summary), media_type="text/html", headers=serving.headers(page.POLICY))

    async def icon(_request: Request) -> Response:
        return Response(status_code=204)

    listening = web.listen("127.0.0.1", 0)
    server = web.Server(Starlette(routes=[Route("/favicon.ico", icon), Route("/{any}", answer)]))
    serving_it = asyncio.create_task(server.serve(sockets=[listening]))
    await server.ready.wait()
    yield web.address_of(listening, "127.0.0.1")
    server.should_exit = True
    await serving_it


@pytest.fixture
async def browser() -> AsyncIterator[Tab]:
    async with tab() as made:
        yield made


@pytest.mark.parametrize("path", ["october", "nothing", "large"])
async def test_nothing_is_refused_or_broken_and_every_word_has_its_place(browser: Tab, address: str, path: str) -> None:
    await browser.size(1280, 900)
    await browser.open(f"{address}/{path}")
    assert await browser.find("document.querySelectorAll('svg').length") == 5
    assert await browser.find("getComputedStyle(document.body).maxWidth") == "896px", "its style was refused"
    assert await browser.find(OUT_OF_THE_DRAWING) == []
    assert await browser.find(OVER_ONE_ANOTHER) == []
    await browser.size(360, 800)
    assert await browser.find(BROKEN_HEADS) == []
    assert await browser.find("document.documentElement.scrollWidth <= 360")
    assert browser.complaints == []


async def test_it_prints_on_a4_with_page_numbers_and_nothing_cut(browser: Tab, address: str) -> None:
    await browser.open(f"{address}/october")
    await browser.media("print")
    await browser.size(A4_BETWEEN_MARGINS, 900)
    assert await browser.find(TOO_WIDE) == []
    broken = "[...document.querySelectorAll('figure, .numbers')].map(one => getComputedStyle(one).breakInside)"
    assert set(await browser.find(broken)) == {"avoid"}
    pages = PdfReader(BytesIO(await browser.printed())).pages
    assert {(round(one.mediabox.width), round(one.mediabox.height)) for one in pages} == {(595, 842)}
    told = [one.extract_text().replace("\ufb01", "fi") for one in pages]
    assert all(f"{place} / {len(pages)}" in text for place, text in enumerate(told, 1))
    assert "".join(told).count("The same in figures") == 5
    assert browser.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_and_charts_stand_out_by_day_and_by_night(browser: Tab, address: str, scheme: str) -> None:
    await browser.open(f"{address}/october")
    await browser.media(prefers_color_scheme=scheme)
    found = await browser.find(CONTRAST)
    assert found["ink"] > 7
    assert found["note"] > 4.5
    assert found["chart"] > 7
    assert found["accent"] > 3


def said(nodes: list[dict[str, Any]], role: str, what: str) -> list[str]:
    return [
        one.get(what, {}).get("value", "")
        for one in nodes
        if not one["ignored"] and one["role"]["value"].lower() == role
    ]


async def test_screen_readers_are_told_of_every_chart_and_table(browser: Tab, address: str) -> None:
    await browser.open(f"{address}/october")
    nodes = (await browser.say("Accessibility.getFullAXTree"))["nodes"]
    assert said(nodes, "image", "name") == [f"{one.title} {one.figures}" for one in charts(october())]
    assert said(nodes, "table", "name") == ["The most first", *["The same in figures"] * 5]
    assert said(nodes, "heading", "name")[:4] == [
        "Exceptions in October 2026",
        "In four numbers",
        "What changed",
        "Policies with the most open exceptions",
    ]
    assert len(said(nodes, "columnheader", "name")) == 4 + 4 + 6 + 3 + 5 + 5
    assert len(said(nodes, "main", "name")) == 1
