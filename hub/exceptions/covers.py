"""What an exception is to a failure: what covers it, or what would if its controls held."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cover:
    """An exception that covers a failure; with a control, one that would cover it if that control held."""

    exception: UUID
    control: UUID | None = None
    description: str = ""
    why: str = ""

    @property
    def suspended(self) -> bool:
        """Whether it covers nothing for now."""
        return self.control is not None

    def said(self) -> str:
        """Why it does not cover, for whoever is stopped by that."""
        return (
            f'exception {self.exception} would waive it but is suspended: its control "{_short(self.description)}"'
            f" does not hold: {_short(self.why)}"
        )

    def kept(self) -> dict[str, str]:
        """What is kept with the result of a check."""
        return {"exception": str(self.exception), "control": str(self.control), "said": self.said()}


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
