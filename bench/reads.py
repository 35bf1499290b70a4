"""How fast reads are: the hub beside a bare endpoint that returns the same bytes, interleaved in one run.

python -m bench.reads [--quick]
"""

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count, cycle, repeat
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import asyncpg
import orjson
import uvloop

from bench.client import Line, batch, body_of, get, lines, poster
from bench.queries import HEAVY, MIDDLE, TINY, reshaped
from bench.seed import seed
from bench.servers import Served, served, token
from hub.embedded import Embedded
from hub.migrate import migrate

CLIENTS = (1, 8, 32)
ROUNDS = 16
PER_BATCH_S = 0.11
TIMES_LARGER = 10
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

Post = Callable[[str, dict[str, object] | None], bytes]


@dataclass(slots=True)
class Measured:
    """What one side took."""

    seconds: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @property
    def ms(self) -> float:
        return median(self.seconds) * 1000

    @property
    def p95_ms(self) -> float:
        return quantiles(self.seconds, n=20)[-1] * 1000

    @property
    def rate(self) -> float:
        return median(self.rates)


def ratio(one: list[float], other: list[float]) -> float:
    """The median of the rounds' own ratios: a load from outside that comes and goes falls on both sides of a round."""
    return median(a / b for a, b in zip(one, other, strict=True))


@dataclass(slots=True)
class Side:
    """One server with the requests it is asked."""

    server: Served
    requests: Iterator[bytes]
    measured: Measured = field(default_factory=Measured)


async def interleave(sides: Sequence[Side], clients: int, each: int, rounds: int, *, warm: int = 0) -> None:
    """Alternate batches between the sides, all at the same load; who begins alternates too.

    Before that each side answers `warm` requests, or a few.
    """
    opened: list[list[Line]] = [await lines(side.server.port, clients) for side in sides]
    try:
        for side, theirs in zip(sides, opened, strict=True):
            await batch(theirs, side.requests, warm or max(clients * 3, 12))
        for at in range(rounds):
            turns = list(zip(sides, opened, strict=True))
            for side, theirs in turns if at % 2 else reversed(turns):
                before = cpu_s(side.server.pid)
                took, whole = await batch(theirs, side.requests, each)
                side.measured.cpu_s += cpu_s(side.server.pid) - before
                side.measured.seconds += took
                side.measured.medians.append(median(took))
                side.measured.rates.append(each / whole)
    finally:
        for line in (line for theirs in opened for line in theirs):
            line.close()


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) * TICK_S


async def once(server: Served, request: bytes) -> bytes:
    [line] = await lines(server.port, 1)
    try:
        return body_of(await line.ask(request))
    finally:
        line.close()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells))
    print(flush=True)


async def node_ids(address: str) -> list[dict[str, object]]:
    """Variables that name models by random ids."""
    connection = await asyncpg.connect(address)
    rows = await connection.fetch("SELECT id FROM models WHERE NOT restricted ORDER BY md5(id::text) LIMIT 500")
    await connection.close()
    return [{"id": f"Model:{row['id']}"} for row in rows]


async def beside_bare(hub: Served, address: str, post: Post, rounds: int) -> None:
    """The three reads at each number of clients, and the processor time of the heavy one."""
    cost = orjson.loads(await once(hub, post(HEAVY, None)))["extensions"]["cost"]
    ids = await node_ids(address)
    async with served("bare", address, str(cost)) as bare:
        asked: dict[str, tuple[list[bytes], list[bytes]]] = {
            "tiny": ([post(TINY, i) for i in ids], [get(f"/tiny/{str(i['id'])[6:]}") for i in ids]),
            "middle": ([post(MIDDLE, None)], [get("/middle")]),
            "heavy": ([post(HEAVY, None)], [get("/heavy")]),
        }
        rows = []
        heavy: list[tuple[Measured, Measured]] = []
        for name, (ours, theirs) in asked.items():
            for mine, other in zip(ours[:20], theirs[:20], strict=True):
                answer = await once(hub, mine)
                assert answer == await once(bare, other), f"{name}: the two servers answer differently"
            begin = perf_counter()
            for _ in range(5):
                await once(bare, theirs[0])
            one_s = (perf_counter() - begin) / 5
            for clients in CLIENTS:
                each = max(int(PER_BATCH_S / one_s), clients * 2, 10)
                a, b = Side(hub, cycle(ours)), Side(bare, cycle(theirs))
                await interleave([a, b], clients, each, rounds)
                rows.append(_compared(f"{name}, {len(answer):,} bytes", clients, a.measured, b.measured))
                if name == "heavy":
                    heavy.append((a.measured, b.measured))
    print("Beside a bare endpoint, as ratios of time (goals: heavy at most 1.10, middle and tiny at most 1.35)")
    table(("read", "clients", "bare ms", "hub ms", "median", "mean", "p95", "bare/s", "hub/s"), rows)
    ours_ms, theirs_ms = (
        sum(side.cpu_s for side in sides) / sum(len(side.seconds) for side in sides) * 1000
        for sides in zip(*heavy, strict=True)
    )
    print("Processor time of the server's process for one heavy read (goal: at most 3.00)")
    table(
        ("", "bare ms", "hub ms", "ratio"),
        [("heavy", f"{theirs_ms:.2f}", f"{ours_ms:.2f}", f"{ours_ms / theirs_ms:.2f}")],
    )


def _compared(name: str, clients: int, hub: Measured, bare: Measured) -> tuple[str, ...]:
    return (
        name,
        str(clients),
        f"{bare.ms:.2f}",
        f"{hub.ms:.2f}",
        f"{ratio(hub.medians, bare.medians):.2f}",
        # Every client always waits for one answer, so the mean time is the clients over the rate.
        f"{ratio(bare.rates, hub.rates):.2f}",
        f"{hub.p95_ms / bare.p95_ms:.2f}",
        f"{bare.rate:,.0f}",
        f"{hub.rate:,.0f}",
    )


async def by_rows(hub: Served, post: Post, rounds: int) -> None:
    """Cost for each model returned; a thousand are ten pages of a hundred, each after the one before."""
    pages = {10: 1, 50: 1, 100: 1, 1000: 10}
    [line] = await lines(hub.port, 1)
    took: dict[int, list[float]] = {models: [] for models in pages}
    for _ in range(rounds):
        for models, number in pages.items():
            after = None
            begin = perf_counter()
            for _page in range(number):
                asked: dict[str, object] = {"first": models // number, "after": after}
                answer = await line.ask(post(HEAVY, asked))
                after = re.search(rb'"endCursor":"([^"]+)"', answer)[1].decode()  # type: ignore[index]
            took[models].append((perf_counter() - begin) / models)
    line.close()
    each = {models: median(times) * 1000 for models, times in took.items()}
    print("Heavy by rows returned, 1 client (goal: linear)")
    rows = [(f"{m:,} models", f"{ms * m:.1f}", f"{ms:.4f}", f"{ms / each[50]:.2f}") for m, ms in each.items()]
    table(("", "ms", "ms a model", "to 50 models"), rows)


async def never_seen(hub: Served, post: Post, rounds: int) -> None:
    """A document that no one sent before, beside one that was."""
    numbers = count()
    asked = {
        "seen": repeat(post(HEAVY, None)),
        "new text, same SQL": (post(f"# {n}\n{HEAVY}", None) for n in numbers),
        "new text, new SQL": (post(reshaped(n), None) for n in numbers),
    }
    sides = [Side(hub, requests) for requests in asked.values()]
    await interleave(sides, 1, 5, rounds)
    seen = sides[0].measured.medians
    print("A heavy document never seen before, 1 client (goal: at most 2.50)")
    rows = [
        (name, f"{side.measured.ms:.2f}", f"{ratio(side.measured.medians, seen):.2f}")
        for name, side in zip(asked, sides, strict=True)
    ]
    table(("", "ms", "to seen"), rows)


async def by_table_size(hub: Served, usual: str, address: str, post: Post, rounds: int) -> None:
    """The same reads on tables ten times larger."""
    begin = perf_counter()
    await migrate(address)
    connection = await asyncpg.connect(address)
    await seed(connection, TIMES_LARGER)
    await connection.close()
    print(f"  ({TIMES_LARGER} times the rows seeded in {perf_counter() - begin:.0f} s)")
    post_there = poster(await token(address))
    rows = []
    async with served("hub", address) as larger:
        for name, document in (("tiny", TINY), ("middle", MIDDLE), ("heavy", HEAVY)):
            sides = [
                Side(server, cycle([ask(document, asked) for asked in (given if name == "tiny" else [None])]))
                for server, ask, given in (
                    (hub, post, await node_ids(usual)),
                    (larger, post_there, await node_ids(address)),
                )
            ]
            await interleave(sides, 1, 20 if name == "heavy" else 200, rounds)
            here, there = (side.measured for side in sides)
            rows.append((name, f"{here.ms:.2f}", f"{there.ms:.2f}", f"{ratio(there.medians, here.medians):.2f}"))
    print(f"Tables {TIMES_LARGER} times larger, 1 client (goal: at most 1.15)")
    table(("read", "ms", "ms larger", "ratio"), rows)


async def measure(*, quick: bool = False) -> None:
    """Everything, on a database of its own."""
    begin = perf_counter()
    rounds = 4 if quick else ROUNDS
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-"))
        database = await stack.enter_async_context(Embedded(Path(folder)))
        address = database.dsn()
        await migrate(address)
        connection = await asyncpg.connect(address)
        await seed(connection)
        await connection.execute("CREATE DATABASE larger")
        await connection.close()
        post = poster(await token(address))
        hub = await stack.enter_async_context(served("hub", address))
        print(f"  (PostgreSQL started, migrated and seeded in {perf_counter() - begin:.0f} s)\n")
        await beside_bare(hub, address, post, rounds)
        await by_rows(hub, post, rounds)
        await never_seen(hub, post, rounds)
        if not quick:
            await by_table_size(hub, address, database.dsn("larger"), post, rounds)
    print(f"  ({perf_counter() - begin:.0f} s in all)")


def run(*, quick: bool = False) -> None:
    uvloop.run(measure(quick=quick))


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds, and no larger tables")
    run(quick=given.parse_args().quick)
