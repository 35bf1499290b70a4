"""How commands reach a hub from behind a proxy, and one on this machine past it."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from hub.cli import named, permit_files, ways
from hub.cli.remote import Remote
from hub.errors import Code, Refused
from tests.cli.gate.played import TOKEN, Played

PROXIES = ("http_proxy", "https_proxy", "no_proxy")
AWAY = "http://hub.example.test"
"""An address that only the proxy knows the way to."""


class Proxy:
    """A forward proxy that takes every address for one hub's, and lets no tunnel through."""

    def __init__(self, hub: str) -> None:
        self.asked: list[str] = []
        self.authorized: list[str | None] = []
        proxy, address = self, urlsplit(hub).netloc

        class Forwards(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                proxy.asked.append(f"{self.command} {self.path}")
                proxy.authorized.append(self.headers["Proxy-Authorization"])
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if self.headers[name]}
                there = HTTPConnection(address, timeout=10)
                there.request(self.command, urlsplit(self.path).path, sent, headers)
                answer = there.getresponse()
                words = answer.read()
                there.close()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(words)))
                self.end_headers()
                self.wfile.write(words)

            def do_GET(self) -> None:
                self.do_POST()

            def do_CONNECT(self) -> None:
                proxy.asked.append(f"{self.command} {self.path}")
                self.send_error(403)

            def log_message(self, *_words: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Forwards)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.place = f"127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy but a test's own."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxy(played: Played) -> Iterator[Proxy]:
    made = Proxy(played.url)
    yield made
    made.stop()


def models(address: str) -> object:
    return Remote(address, TOKEN).ask(named.FIND, model="fraud-detection", version="7", rollback="")["models"]


def test_a_runner_behind_a_proxy_reaches_the_hub(
    proxy: Proxy,
    played: Played,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://ci:secret@{proxy.place}")
    assert models(AWAY)
    assert played.names() == ["FIND"]
    played.files["/permits/keys"] = b'{"keys":[]}'
    assert permit_files.fetched("/permits/keys", url=AWAY, token=None, data=None) == '{"keys":[]}'
    assert proxy.asked == [f"POST {AWAY}/graphql", f"GET {AWAY}/permits/keys"]
    assert proxy.authorized == ["Basic Y2k6c2VjcmV0"] * 2


def test_a_proxy_that_lets_nothing_through_is_named_without_its_password(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://ci:secret@{proxy.place}")
    with pytest.raises(Refused) as refused:
        models("https://hub.example.test")
    assert proxy.asked == ["CONNECT hub.example.test:443"]
    assert refused.value.code is Code.UNAVAILABLE
    assert f"https://hub.example.test/graphql through the proxy {proxy.place} (Tunnel" in refused.value.why
    assert "secret" not in refused.value.why


def test_a_hub_on_this_machine_is_asked_itself(
    proxy: Proxy,
    played: Played,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.place}")
    assert models(played.url)
    assert proxy.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "hub.localhost", "[::1]"])
def test_no_name_of_this_machine_goes_through_a_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert ways.proxy(f"https://{host}:8000/graphql") is None
    assert ways.proxy("https://localhost.example.test/graphql") == "http://proxy:3128"


@pytest.mark.parametrize(
    "none", ["hub.example.test", "example.test", ".example.test", "other,hub.example.test:8443", "*"]
)
def test_what_no_proxy_names_is_asked_itself(none: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", none)
    assert ways.proxy("https://hub.example.test:8443/graphql") is None
    assert (ways.proxy("https://hub.other.test/graphql") is None) == (none == "*")


def test_each_scheme_has_its_own_proxy_and_small_letters_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://large:1")
    monkeypatch.setenv("https_proxy", "http://small:2")
    assert ways.proxy("https://hub.example.test") == "http://small:2"
    assert ways.proxy("http://hub.example.test") is None


def test_a_proxy_that_is_not_spoken_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://proxy:1080")
    with pytest.raises(
        Refused, match="HTTPS_PROXY names a socks5 proxy, which is not spoken here; name an http:// one"
    ):
        models("https://hub.example.test")
