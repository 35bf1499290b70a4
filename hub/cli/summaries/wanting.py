"""Which summary a command line asks for, and in which form."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from hub.cli.summaries import FORMATS
from hub.errors import Code, Refused

SUFFIXES = {".htm": "html", ".txt": "text", **{f".{name}": name for name in FORMATS}}


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the hub serves it."""

    at: str
    said: Mapping[str, str]
    verify: bool = False

    def path(self, form: str) -> str:
        """Its path in one of the forms that a hub hands out."""
        if self.verify:
            return f"{self.at}/verify"
        return f"{self.at}.{form}" if not self.said else f"{self.at}?{urlencode({**self.said, 'format': form})}"


def asked(said: Mapping[str, str], *, digest: str | None, verify: bool) -> Asked:
    """A period, or a digest that was made. Refuses both at once."""
    if digest is None:
        if verify:
            raise Refused(
                Code.BAD_INPUT, "--verify compares a digest that was made; name it with --digest", field="verify"
            )
        return Asked("/summaries/exceptions", said)
    more = [name for name in said if name != "zone"]
    if more:
        raise Refused(
            Code.BAD_INPUT,
            f"--digest has its own period; leave out {', '.join(more).replace('_', '-')}",
            field="digest",
        )
    return Asked(f"/digests/{quote(digest, safe=':')}", {}, verify)


def kind(form: str | None, out: Path | None, *, open_it: bool) -> str:
    """The form: as asked, else by the file's name, else a page where it is to be opened, else text."""
    if form is None:
        by_name = SUFFIXES.get(out.suffix.lower()) if out is not None else None
        return by_name or ("html" if open_it else "text")
    if form.lower() not in FORMATS:
        raise Refused(Code.BAD_INPUT, f"there is no format {form}; choose {', '.join(FORMATS)}", field="format")
    return form.lower()
