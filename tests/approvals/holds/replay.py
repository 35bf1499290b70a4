"""Reads the history of one release in the order in which it was committed, and holds it against the oracle."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from hub.db import Db
from hub.deployments.permits.envelope import unchecked
from tests.approvals.holds.cast import Cast
from tests.approvals.holds.oracle import Entry, Lend, Question, Step, fits, last_words

# What was committed first comes first: an event's row was written by the transaction that it tells of.
_EVENTS = """
SELECT e.kind, e.actor_id, e.subject_id, e.data, e.xmin::text AS tx
FROM events e
WHERE e.scope_id = $1 OR e.subject_id = ANY ($2)
   OR e.subject_id IN (SELECT d.id FROM delegations d WHERE d.from_id = ANY ($2))
ORDER BY pg_xact_commit_timestamp(e.xmin), e.seq
"""
_ROWS = {
    "requests": "SELECT * FROM approval_requests WHERE subject_id = $1 ORDER BY id",
    "intents": "SELECT * FROM deployment_intents WHERE version_id = $1 ORDER BY id",
    "permits": "SELECT * FROM permits WHERE version_id = $1 ORDER BY id",
    "sign_offs": "SELECT s.*, s.xmin::text AS tx FROM sign_offs s JOIN approval_requests r ON r.id = s.request_id"
    " WHERE r.subject_id = $1 ORDER BY s.id",
    "asks": "SELECT a.* FROM approval_asks a JOIN approval_requests r ON r.id = a.request_id WHERE r.subject_id = $1",
    "delegations": "SELECT d.* FROM delegations d JOIN people p ON p.id = d.from_id"
    " WHERE EXISTS (SELECT FROM model_versions v JOIN models m ON m.id = v.model_id"
    " JOIN team_members t ON t.team_id = m.team_id WHERE v.id = $1 AND t.person_id = p.id)",
    "identities": "SELECT i.* FROM identities i WHERE EXISTS (SELECT FROM model_versions v"
    " JOIN models m ON m.id = v.model_id JOIN team_members t ON t.team_id = m.team_id"
    " WHERE v.id = $1 AND t.person_id = i.person_id)",
    "evidence": "SELECT id, digest FROM evidence WHERE version_id = $1",
}
WORDS = {
    "approval.approved": "APPROVED",
    "approval.rejected": "REJECTED",
    "approval.changes_requested": "CHANGES_REQUESTED",
    "approval.withdrawn": "WITHDRAWN",
    "approval.expired": "EXPIRED",
    "approval.stale": "STALE",
}


@dataclass
class Replay:
    """One release's history so far, and what was wrong in it."""

    cast: Cast
    rows: dict[str, dict[UUID, dict[str, Any]]]
    questions: dict[UUID, Question] = field(default_factory=dict)
    content: frozenset[str] = frozenset()
    in_force: dict[UUID, frozenset[str]] = field(default_factory=dict)
    askers: dict[UUID, UUID] = field(default_factory=dict)
    wished: UUID | None = None
    added: set[UUID] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def happened(self, kind: str, actor: UUID | None, subject: UUID, data: dict[str, Any], tx: str) -> None:
        """Take in one event."""
        world = self.cast.world
        match kind:
            case "role.granted":
                world.people[subject].grants.add((data["role"], data["discipline"]))
            case "role.revoked":
                world.people[subject].grants.discard((data["role"], data["discipline"]))
            case "person.deactivated":
                world.people[subject].active = False
            case "person.identity_linked":
                name = self.rows["identities"][UUID(data["identity"])]["subject"]
                world.people[subject].names.add(name.lower())
            case "delegation.given":
                row = self.rows["delegations"][subject]
                disciplines = frozenset(orjson.loads(row["disciplines"]))
                world.lends[subject] = Lend(subject, row["from_id"], row["to_id"], disciplines)
            case "delegation.revoked":
                world.lends[subject].revoked = True
            case "model.owner_set":
                world.owner = UUID(data["owner"])
            case "version.changed":
                self.content = frozenset(one for one in self.content if not one.startswith("v:")) | {f"v:{tx}"}
            case "evidence.added":
                self.content |= {f"e:{data['digest']}"}
                # Whoever added to the version does not approve it.
                self.added |= {actor} if actor is not None and world.people[actor].human else set()
            case "deployment.requested":
                assert actor is not None
                self.askers[subject] = self.wished = actor
            case "approval.requested":
                self._asked(subject, actor)
            case "approval.signed" | "approval.sign_off_withdrawn":
                self._signed(subject, UUID(data["sign_off"]), tx)
            case "permit.issued":
                self._released(subject, UUID(data["intent"]))
            case "permit.revoked":
                self.in_force.pop(subject, None)
            case _ if kind in WORDS:
                self._decided(subject, WORDS[kind])

    def ended(self) -> None:
        """What must hold when nobody does anything any more."""
        for id, content in self.in_force.items():
            if content != self.content:
                self._wrong(f"permit {id} is in force on content that is not there any more")
        held = {id for id, row in self.rows["permits"].items() if row["revoked_at"] is None}
        if held != self.in_force.keys():
            self._wrong("permits in force are not those that the history tells of")
        standing = {row["id"] for row in self.rows["intents"].values() if row["status"] in ("APPROVED", "DEPLOYED")}
        if standing != {self.rows["permits"][id]["intent_id"] for id in held}:
            self._wrong("an intent stands as approved without a permit in force, or the other way round")
        signed = set(self.rows["sign_offs"])
        if len(signed) != sum(len(asked.entries) for asked in self.questions.values()):
            self._wrong("there are sign-offs that the history does not tell of")
        pending = [asked for asked in self.questions.values() if asked.status == "PENDING"]
        if len(pending) > 1:
            self._wrong("two questions about one subject and stage are open")
        for asked in self.questions.values():
            if (was := self.rows["requests"][asked.id]["status"]) != asked.status:
                self._wrong(f"a request is {was}, the history says {asked.status}")
        for asked in pending:
            if asked.content != self.content:
                self._wrong("a request is open about content that is not there any more")
            if self.cast.world.is_done(asked):
                self._wrong("a request has all it needs and is open still")
        asks = {(row["request_id"], row["person_id"], row["via_id"]) for row in self.rows["asks"].values()}
        ought = {(asked.id, *ask) for asked in pending for ask in self.cast.world.askable(asked)}
        for word, ones in (("is asked and need not be", asks - ought), ("could sign and is not asked", ought - asks)):
            for _, person, via in ones:
                place = f" in the place of {self.cast.named(via)}" if via else ""
                self._wrong(f"{self.cast.named(person)} {word}{place}")

    def _asked(self, id: UUID, actor: UUID | None) -> None:
        row = self.rows["requests"][id]
        if actor != row["requested_by"]:
            self._wrong("a request names another requester than who asked")
        if any(one.status == "PENDING" for one in self.questions.values()):
            self._wrong("a second question was asked while the first was open")
        steps = tuple(Step.of(step) for step in orjson.loads(row["rule"])["steps"])
        # Whoever wants the release does not sign for it, whoever put the question.
        makers = self.added | ({self.wished} if self.wished is not None else set())
        asked = Question(id, row["requested_by"], steps, self.content, makers, {self.cast.author})
        self.questions[id] = asked

    def _signed(self, id: UUID, sign_off: UUID, tx: str) -> None:
        row, asked = self.rows["sign_offs"][sign_off], self.questions[id]
        if row["tx"] != tx:
            self._wrong("a sign-off was written again after it was made")
        if row["subject_digest"] != self.rows["requests"][id]["subject_digest"]:
            self._wrong("a sign-off is bound to another digest than its request")
        entry = Entry(
            hand=row["person_id"],
            holder=row["on_behalf_of"] or row["person_id"],
            lend=row["delegation_id"],
            role=row["role"],
            discipline=row["discipline"],
            step=row["step"],
            decision=row["decision"],
        )
        asked.entries.append(entry)
        if asked.status != "PENDING":
            self._wrong(f"an answer was taken to a request that was {asked.status}")
        if entry.decision == "APPROVE":
            if asked.content != self.content:
                self._wrong("an answer was taken on content that was not there any more")
            if not self.cast.world.counts(asked, entry):
                self._wrong(f"{self._who(entry)} signed and may not")

    def _decided(self, id: UUID, word: str) -> None:
        asked = self.questions[id]
        if asked.status != "PENDING":
            self._wrong(f"a request that was {asked.status} became {word}")
        asked.status = word
        if word == "APPROVED" and not self.cast.world.is_done(asked):
            self._wrong("a request was approved without its quorum")
        if word == "STALE" and asked.content == self.content:
            self._wrong("a request became stale though nothing changed")

    def _released(self, id: UUID, intent: UUID) -> None:
        said = orjson.loads(unchecked(self.rows["permits"][id]["envelope"]))["predicate"]
        self.in_force[id] = self.content
        names = {UUID(one["request"]) for one in said["approvals"]}
        if len(names) != 1:
            self._wrong(f"a permit rests on {len(names)} requests")
            return
        asked = self.questions[names.pop()]
        if asked.content != self.content or said["dossier"] != orjson.loads(self.rows["requests"][asked.id]["parts"]):
            self._wrong("a release on content that nobody signed for")
        shown = {one for one in self.content if one.startswith("e:")}
        if not {f"e:{one}" for one in said["evidence"]} <= shown or bool(said["evidence"]) != bool(shown):
            self._wrong("a permit names other evidence than there was")
        hands = {UUID(one["person"]) for one in said["approvals"]}
        entries = [one for one in last_words(asked) if one.hand in hands and one.decision == "APPROVE"]
        world = self.cast.world
        for entry in entries:
            if not world.counts(asked, entry, self.askers[intent]):
                self._wrong(f"a release counts {self._who(entry)}, who may not be counted")
        people = [id for one in entries for id in {one.hand, one.holder}]
        if any(world.same(one, other) for at, one in enumerate(people) for other in people[at + 1 :]):
            self._wrong("a release counts one human being twice")
        for at, step in enumerate(asked.steps):
            if not fits(step, [one.discipline for one in entries if one.step == at]):
                self._wrong(f"a release without the quorum of step {at}")

    def _who(self, entry: Entry) -> str:
        told = self.cast.named(entry.hand)
        return told if entry.hand == entry.holder else f"{told} for {self.cast.named(entry.holder)}"

    def _wrong(self, what: str) -> None:
        self.wrong.append(what)


async def replayed(db: Db, cast: Cast) -> Replay:
    """The whole history of a release, held against the oracle."""
    people = [who.person_id for who in cast.people.values()]
    rows = {
        name: {row["id"]: dict(row) for row in await db.reads.fetch(sql, cast.version)} for name, sql in _ROWS.items()
    }
    found = Replay(cast, rows, content=frozenset({"v:begin"}))
    for event in await db.reads.fetch(_EVENTS, cast.model, people):
        data = orjson.loads(event["data"])
        found.happened(event["kind"], event["actor_id"], event["subject_id"], data, event["tx"])
    found.ended()
    return found
