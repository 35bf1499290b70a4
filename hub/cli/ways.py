"""The way to a hub: through the proxy that the environment names, and never through one to this machine."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

SPOKEN = ("http", "https")


def proxy(url: str) -> str | None:
    """The proxy to this address, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; refuses one that is not spoken here."""
    import urllib.request
    from urllib.parse import urlsplit

    from hub.errors import Code, Refused

    asked = urlsplit(url)
    named = urllib.request.getproxies_environment()
    if asked.scheme not in named or _is_here(asked.hostname or ""):
        return None
    # Where the environment names proxies, this looks at its NO_PROXY alone, on every system.
    if urllib.request.proxy_bypass(asked.netloc.rpartition("@")[2]):
        return None
    found = named[asked.scheme]
    kind = found.partition("://")[0].lower() if "://" in found else "http"
    if kind not in SPOKEN:
        name = f"{asked.scheme.upper()}_PROXY"
        why = f"{name} names a {kind} proxy, which is not spoken here; name an http:// one, or the hub in NO_PROXY"
        raise Refused(Code.SETTING, why, field=name)
    return found


def opener(through: str | None) -> "OpenerDirector":
    """Opens addresses through this proxy, or by itself."""
    import urllib.request

    ways = {} if through is None else dict.fromkeys(SPOKEN, through)
    return urllib.request.build_opener(urllib.request.ProxyHandler(ways))


def told(through: str | None) -> str:
    """The proxy as a part of a sentence, without the password that may stand in it."""
    from hub.cli.gate.inert import inert

    return (
        "" if through is None else f" through the proxy {inert(through.rpartition('@')[2].rpartition('://')[2], 200)}"
    )


def _is_here(host: str) -> bool:
    import ipaddress

    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
