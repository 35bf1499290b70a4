"""A real browser for tests: Debian's Chromium over its DevTools protocol; a page is opened, looked at, printed."""

import asyncio
import json
import shutil
import tempfile
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHIN_S = 60
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--remote-debugging-port=0", "--force-color-profile=srgb", "about:blank",
)  # fmt: skip


@dataclass
class Tab:
    """One tab: what is said to it, and what it complained of."""

    line: ClientConnection
    complaints: list[str] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=lambda: count(1))
    _loaded: bool = False

    async def say(self, method: str, **params: Any) -> Any:
        """The result of one command; what happens meanwhile is taken note of."""
        id = next(self._ids)
        await self.line.send(json.dumps({"id": id, "method": method, "params": params}))
        while True:
            told = json.loads(await asyncio.wait_for(self.line.recv(), WITHIN_S))
            if told.get("id") == id:
                assert "error" not in told, told
                return told["result"]
            self._note(told)

    async def open(self, address: str) -> None:
        """Load a page to its end."""
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
            await self.say(f"{domain}.enable")
        self._loaded = False
        await self.say("Page.navigate", url=address)
        while not self._loaded:
            self._note(json.loads(await asyncio.wait_for(self.line.recv(), WITHIN_S)))

    async def find(self, script: str) -> Any:
        """The value of an expression, as JSON has it."""
        found = await self.say("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def media(self, media: str = "", **features: str) -> None:
        """Show it as for print, or to somebody who prefers this."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.say("Emulation.setEmulatedMedia", media=media, features=wanted)

    async def size(self, width: int, height: int) -> None:
        await self.say(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def printed(self) -> bytes:
        """The page as a PDF, on the paper that it asks for."""
        return b64decode((await self.say("Page.printToPDF", preferCSSPageSize=True, printBackground=False))["data"])

    def _note(self, told: dict[str, Any]) -> None:
        params = told.get("params", {})
        match told["method"]:
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning"):
                self.complaints.append(str(params["args"]))
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])


@asynccontextmanager
async def tab() -> AsyncIterator[Tab]:
    """A tab of a browser of its own, which ends with it."""
    assert CHROMIUM is not None
    folder = Path(tempfile.mkdtemp(prefix="hub-browser-"))
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, f"--user-data-dir={folder}", *ARGUMENTS,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with connect(await _address(process), max_size=None) as browser:
            whole = Tab(browser)
            made = await whole.say("Target.createTarget", url="about:blank")
            address = await _address_of(browser, made["targetId"])
            async with connect(address, max_size=None) as line:
                yield Tab(line)
    finally:
        process.kill()
        await process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(WITHIN_S):
        while line := (await process.stderr.readline()).decode(errors="replace"):
            if line.startswith("DevTools listening on "):
                return line.removeprefix("DevTools listening on ").strip()
    raise AssertionError("the browser ended before it listened")


async def _address_of(browser: ClientConnection, target: str) -> str:
    host, port = browser.remote_address[:2]
    return f"ws://{host}:{port}/devtools/page/{target}"
