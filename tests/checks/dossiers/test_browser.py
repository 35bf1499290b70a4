"""The page of a dossier as a real browser lays it out on a narrow screen."""

from pathlib import Path

import pytest

from tests.asking import Ask
from tests.browser import CHROMIUM, tab
from tests.checks.dossiers.case import Case

BROKEN = """[...document.querySelectorAll("th, th code:not(.digest)")].flatMap(one => [...one.childNodes])
  .filter(one => {
  const range = document.createRange(), word = (one.nodeValue ?? "").trim(); range.selectNodeContents(one);
  return /^\\w+$/.test(word) && new Set([...range.getClientRects()].map(box => box.top)).size > 1 })
  .map(one => one.nodeValue)"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
async def test_no_name_is_broken_in_the_middle_on_a_narrow_screen(case: Case, ask: Ask, tmp_path: Path) -> None:
    asked = await case.ask()
    file = tmp_path / "dossier.html"
    file.write_text((await ask.get(case.rita, f"/dossiers/ApprovalRequest:{asked.id}.html")).text)
    async with tab() as browser:
        for width in (360, 500):
            await browser.size(width, 800)
            await browser.open(file.as_uri())
            assert await browser.find("document.querySelectorAll('tbody th').length") > 0
            assert await browser.find(BROKEN) == []
            assert await browser.find(f"document.documentElement.scrollWidth <= {width}")
