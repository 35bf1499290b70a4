"""What a release comes to, by a model in plain Python: who wants it, the questions put, what is allowed now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from tests.approvals.holds.oracle import Entry, Question, Step, World, last_words


@dataclass
class Wish:
    """A wish to deploy that is not over, with the question it waits for, and whether it was granted."""

    by: UUID
    question: UUID | None = None
    granted: bool = False


@dataclass
class Expected:
    """One release as it ought to be."""

    world: World
    steps: tuple[Step, ...]
    author: str
    content: frozenset[str] = frozenset()
    added: set[UUID] = field(default_factory=set)
    questions: dict[UUID, Question] = field(default_factory=dict)
    wish: Wish | None = None
    releases: int = 0

    @property
    def newest(self) -> Question | None:
        """The question that was put last."""
        return list(self.questions.values())[-1] if self.questions else None

    @property
    def pending(self) -> Question | None:
        """The question that is open."""
        return next((one for one in self.questions.values() if one.status == "PENDING"), None)

    def may_sign(self, who: UUID, of: UUID | None) -> bool:
        """Whether somebody's approval is taken."""
        asked = self.newest
        return asked is not None and (who, of) in self.world.askable(asked)

    def said(self, who: UUID) -> str | None:
        """What somebody said of the newest question; the same again is taken, and changes nothing."""
        asked = self.newest
        if asked is None:
            return None
        live = [one for one in answers(asked) if one.lend is None or not self.world.lends[one.lend].revoked]
        return next((one.decision for one in live if one.hand == who), None)

    def may_reject(self, who: UUID) -> bool:
        """Whether somebody's no is taken."""
        asked = self.newest
        if asked is None or asked.status != "PENDING":
            return False
        step, world = asked.steps[self.world.open_step(asked)[0]], self.world
        free = who not in world.barred(asked) and who not in world.spoke(asked)
        return free and bool(world.sits(step, who)) and world.answers(who)

    def may_take_back(self, who: UUID) -> bool:
        """Whether somebody has an answer to take back, of a question that is open."""
        asked = self.newest
        return asked is not None and asked.status == "PENDING" and who in {one.hand for one in answers(asked)}

    def signed(self, entry: Entry) -> None:
        """An answer was taken."""
        asked = self.newest
        assert asked is not None
        asked.entries.append(entry)
        if entry.decision == "REJECT":
            self._end(asked, "REJECTED")
        self.settle()

    def settle(self) -> None:
        """A question that has all it needs is approved, and what waited for it is released."""
        asked = self.pending
        if asked is not None and self.world.is_done(asked):
            asked.status = "APPROVED"
            if self.wish is not None and self.wish.question == asked.id:
                self._release()

    def asks(self, who: UUID, question: UUID | None) -> bool:
        """Somebody asks the gate; gives whether a question is put by it, whose id it takes."""
        if self.wish is None:
            self.wish = Wish(who)
        if self.wish.granted or self._release():
            return False
        if self.pending is None:
            if question is not None:
                # Whoever added to the version does not approve it, nor whoever wants it.
                makers = {self.wish.by, *self.added}
                asked = Question(question, who, self.steps, self.content, makers, {self.author})
                self.questions[question] = asked
                self.wish.question = question
            return True
        self.wish.question = self.pending.id
        return False

    def changed(self, content: frozenset[str]) -> None:
        """The version is another: what was asked or allowed on what it was is stale."""
        self.content = content
        if self.pending is not None:
            self._end(self.pending, "STALE")
        if self.wish is not None and self.wish.granted:
            self.wish = None

    def dropped(self) -> None:
        """The open question was taken back."""
        assert self.pending is not None
        self._end(self.pending, "WITHDRAWN")

    def given_up(self) -> None:
        """The wish was taken back, with the question if the same person put it."""
        assert self.wish is not None
        wish, self.wish = self.wish, None
        asked = self.questions.get(wish.question) if wish.question is not None else None
        if asked is not None and asked.status == "PENDING" and asked.requester == wish.by:
            asked.status = "WITHDRAWN"

    def _release(self) -> bool:
        """Grant the wish if the newest approval of what is there now has its quorum still, without who wants it."""
        assert self.wish is not None
        on_it = [one for one in self.questions.values() if one.status == "APPROVED" and one.content == self.content]
        if not on_it or not self.world.is_done(on_it[-1], self.wish.by):
            return False
        self.wish.granted, self.wish.question = True, on_it[-1].id
        self.releases += 1
        return True

    def _end(self, asked: Question, status: str) -> None:
        asked.status = status
        if self.wish is not None and self.wish.question == asked.id:
            self.wish = None


def answers(asked: Question) -> Iterable[Entry]:
    """Answers that were not taken back."""
    return (one for one in last_words(asked) if one.decision != "WITHDRAW")
