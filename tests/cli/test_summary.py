"""`hub summary`: the month in a terminal, as a file, and in a browser."""

import asyncio
import webbrowser
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import structlog.testing
from typer.testing import CliRunner

from hub.cli.main import app
from hub.people.access import Principal
from hub.people.tables import Role
from hub.summaries import document, periods
from hub.summaries.digests import actions
from hub.summaries.digests.rules import Wish
from hub.summaries.digests.tables import Audience, Digest, Rhythm
from tests.cli.gate.live import Live, live, sealing_keys
from tests.summaries.counted import Counted, instead
from tests.summaries.making import nothing, october

__all__ = ["live", "sealing_keys"]

OCTOBER = ("--month", "2026-10", "--zone", "Europe/Berlin")


@dataclass
class Ended:
    code: int
    out: str
    err: str


@dataclass
class Reading:
    """An executive at a terminal, and the counting whose place is taken."""

    hub: Live
    eve: Principal
    counted: Counted

    async def __call__(self, *words: str) -> Ended:
        _, ask, url = self.hub
        env = {"HUB_URL": url, "HUB_TOKEN": await ask.token(self.eve), "COLUMNS": "80"}
        # The hub logs to the same standard output here; one of its own does not.
        with structlog.testing.capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, ["summary", *words], env=env)
        return Ended(said.exit_code, said.stdout, said.stderr)


@pytest.fixture
async def reading(live: Live, monkeypatch: pytest.MonkeyPatch) -> Reading:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Reading(live, await live[0].person("eve", Role.EXECUTIVE), instead(monkeypatch))


async def test_the_month_is_read_in_a_terminal(reading: Reading) -> None:
    said = await reading(*OCTOBER)
    assert (said.code, said.err) == (0, "")
    digest = said.out.splitlines()[-1].split()[-1]
    assert len(digest) == 64
    assert said.out.replace(digest, "…") == (
        """Exceptions in October 2026
As of 1 November 2026, 00:00 (Europe/Berlin). Compared with the period before.

NUMBER              NOW       BEFORE
Open                41        a month ago 35
End within 30 days  9         a month ago 3
True compliance     88.4 %    reported: 96.2 %; a month ago 90.1 %
Time to decide      31 hours  median; a month ago 52

- 41 exceptions are open, 6 more than a month ago; HIGH tier: 12, 4 more.
- 9 end within 30 days, it was 3.
- Reported compliance is 96.2 %, truly 88.4 %: 214 checks pass only because they
  are waived; a month ago it was 97.0 % and 90.1 %.
- 2 exceptions are suspended: a compensating control does not hold.
- 3 reviews are overdue.
- performance-by-segment has 14 open exceptions, the most of any policy: 3 more
  than a month ago, 5 opened since.
- 12 exceptions were opened and 6 closed (2 resolved, 2 expired, 1 revoked, 1
  rejected); 2 were extended; in the month before it was 7 and 8.
- Deciding took 31 hours at the median, it was 52; 8 wait for a decision.

MONTH     OPENED  CLOSED    OPEN    HIGH  REPORTED     TRUE
May 2026      10       6      34      10    98.4 %   93.0 %
Jun 2026       8       8      34       9         –        –
Jul 2026       8       7      35       9    97.6 %   92.4 %
Aug 2026       8       7      36      10    97.3 %   91.2 %
Sep 2026       7       8      35       8    97.0 %   90.1 %
Oct 2026      12       6      41      12    96.2 %   88.4 %

sha256 of the facts  …
"""
    )


async def test_a_month_in_which_nothing_happened_has_no_table(reading: Reading) -> None:
    empty = {name: getattr(nothing(), name) for name in ("series", "now", "before", "compliance", "compliance_before")}
    reading.counted.told = empty
    said = await reading(*OCTOBER)
    assert "MONTH" not in said.out
    assert "No exception is open; there is no month before to compare with." in said.out


async def test_what_is_wanted_reaches_the_hub(reading: Reading) -> None:
    team = await reading.hub[0].team("lending")
    said = await reading("--week", "2026-W43", "--team", "lending", "--as-of", "2026-10-22T00:00:00+02:00")
    assert said.out.startswith("Exceptions in week 43 of 2026, team Lending\n")
    ((_, of),) = reading.counted.asked
    assert (of["team_id"], of["as_of"].isoformat()) == (team.id, "2026-10-21T22:00:00+00:00")
    await reading("--from", "2026-10-03", "--to", "2026-10-17")
    assert (str(reading.counted.asked[1][1]["begins"]), str(reading.counted.asked[1][1]["ends"])) == (
        "2026-10-03",
        "2026-10-18",
    )


@pytest.mark.parametrize(
    ("name", "begins"), [("a.html", b"<!DOCTYPE html>"), ("a.pdf", b"%PDF-"), ("a.csv", b"begins,"), ("a.txt", b"Exc")]
)
async def test_a_file_is_written_in_the_form_of_its_name(
    reading: Reading, tmp_path: Path, name: str, begins: bytes
) -> None:
    said = await reading(*OCTOBER, "--out", str(tmp_path / name))
    written = (tmp_path / name).read_bytes()
    assert written.startswith(begins)
    assert (said.code, said.out) == (0, f"{tmp_path / name}: {len(written):,} bytes\n")


async def test_json_on_standard_output_is_the_text_that_the_digest_is_of(reading: Reading) -> None:
    said = await reading(*OCTOBER, "--format", "json")
    told = document.read(orjson.loads(said.out))
    assert document.text(told).decode() == said.out


async def test_a_page_is_opened_from_a_passing_file(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    said = await reading(*OCTOBER, "--open")
    assert (said.code, said.out) == (0, "")
    assert Path(opened[0].removeprefix("file://")).read_text().startswith("<!DOCTYPE html>")
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    said = await reading(*OCTOBER, "--open")
    assert said.out.startswith("no browser could be started; open /")


async def made(reading: Reading) -> Digest:
    """The digest of the last week, as the worker made it."""
    make = reading.hub[0]
    ann = await make.person("ann", Role.ADMIN)
    async with make.db.write(actor=ann.person_id, operation="test") as tx:
        row = await actions.subscribe(tx, ann, Wish(Audience.EXECUTIVES, Rhythm.WEEK, "UTC"))
        week = periods.before(periods.week(make.now.date(), "UTC"))
        found = await actions.make(tx, row, week, october(begins=week.begins, ends=week.ends))
    assert found is not None
    return found


async def test_a_digest_is_shown_as_it_was_made_and_verified(reading: Reading) -> None:
    digest = await made(reading)
    said = await reading("--digest", str(digest.id))
    assert said.out.splitlines()[-1] == f"sha256 of the facts  {digest.facts_digest}"
    said = await reading("--digest", f"Digest:{digest.id}", "--verify")
    assert (said.code, said.out) == (
        0,
        f"equal: computed again, the facts have the same digest {digest.facts_digest}\n",
    )
    reading.counted.told = {"overdue_reviews": 4, "suspended": 0}
    said = await reading("--digest", str(digest.id), "--verify")
    assert said.code == 1
    first, *rest = said.out.splitlines()
    assert first.startswith(f"not equal: {digest.facts_digest} was made, and ")
    assert rest == ["  overdue_reviews: 3, then 4", "  suspended: 2, then 0"]
    said = await reading("--digest", "nothing")
    assert said.err == (
        "hub: there is no such digest, or none that you may see; look for one among digests in the graph\n"
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--month", "2026-10", "--format", "docx"), "there is no format docx; choose text, html, pdf, csv, json"),
        (("--month", "2026-10", "--week", "2026-W43"), "month, week do not name one period; say month=2026-10"),
        (("--verify",), "--verify compares a digest that was made; name it with --digest"),
        (("--digest", "x", "--as-of", "now"), "--digest has its own period; leave out as-of"),
        (("--month", "2026-10", "--out", "/nowhere/at/all.html"), "/nowhere/at/all.html cannot be written (No such"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(reading: Reading, words: tuple[str, ...], why: str) -> None:
    said = await reading(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"hub: {why}")
