"""What each word of each enum means, as the schema tells it."""

from collections.abc import Mapping

from graphql import GraphQLEnumType, GraphQLSchema

GLOSSARY: Mapping[str, Mapping[str, str]] = {
    "PersonKind": {"HUMAN": "A human being.", "SERVICE": "A service account: it may report, never approve."},
    "Role": {
        "MODEL_OWNER": "Answers for models.",
        "DEVELOPER": "Builds models.",
        "MODEL_APPROVER": "Signs for a discipline whether a version may take a step.",
        "POLICY_OWNER": "Writes policies and answers for them.",
        "DATA_STEWARD": "Answers for data sets.",
        "INCIDENT_RESPONDER": "Is called when something goes wrong.",
        "AUDITOR": "Sees everything, changes nothing.",
        "EXECUTIVE": "Looks at trends.",
        "ADMIN": "Runs the hub, and approves nothing.",
        "SERVICE": "A machine: registry syncs, CI pipelines.",
    },
    "Discipline": {
        "DATA_SCIENCE": "Whether the method is sound.",
        "ENGINEERING": "Whether it can be run and rolled back.",
        "PRODUCT": "Whether it does what users need.",
        "LEGAL": "Whether the law allows it.",
        "COMPLIANCE": "Whether it keeps the rules that bind the company.",
        "RISK": "Whether the harm it could do is borne.",
        "BUSINESS": "Whether it is worth it.",
        "OPERATIONS": "Whether it can be operated.",
    },
    "Direction": {"ASC": "Smallest or earliest first.", "DESC": "Largest or latest first."},
    "RiskTier": {
        "PROHIBITED": "Must not be used.",
        "HIGH": "Can harm people in what matters to them: health, work, money, rights.",
        "LIMITED": "Can mislead people, who can tell and undo it.",
        "MINIMAL": "Harms nobody much.",
        "UNCLASSIFIED": "Nobody has looked yet; treated as HIGH.",
    },
    "Stage": {
        "PROPOSAL": "An idea.",
        "DEVELOPMENT": "Being built.",
        "STAGING": "Being tried where it does no harm.",
        "PRODUCTION": "In use.",
        "ARCHIVED": "Out of use.",
    },
    "ApprovalStatus": {
        "PENDING": "Waits for signatures.",
        "CHANGES_REQUESTED": "Somebody asks for changes first.",
        "APPROVED": "Enough people signed.",
        "REJECTED": "Somebody said no.",
        "WITHDRAWN": "Whoever asked took it back.",
        "EXPIRED": "Its term ran out.",
        "STALE": "What was looked at has changed since.",
        "BYPASSED": "Somebody broke the glass.",
    },
    "SignOffDecision": {
        "APPROVE": "Yes.",
        "REJECT": "No.",
        "REQUEST_CHANGES": "Not yet: something is to be changed first.",
    },
    "DeploymentStatus": {
        "RUNNING": "It answers.",
        "FAILED": "It broke.",
        "STOPPED": "It was stopped.",
        "UNKNOWN": "Its registry does not say.",
    },
    "PolicyStatus": {
        "DRAFT": "Being written.",
        "IN_REVIEW": "Being reviewed by peers.",
        "PUBLISHED": "In force.",
        "DEPRECATED": "In force, but to be replaced.",
        "RETIRED": "No longer in force.",
    },
    "Severity": {
        "CRITICAL": "Somebody may be harmed now.",
        "HIGH": "Somebody may be harmed if it stays so.",
        "MEDIUM": "It must be mended in time.",
        "LOW": "It should be mended.",
        "INFO": "It is good to know.",
    },
    "Enforcement": {
        "ADVISORY": "A failure is recorded.",
        "WARNING": "A failure is recorded and told.",
        "BLOCKING": "A failure closes the gate.",
    },
    "DecisionPoint": {
        "REGISTER": "When a version is registered.",
        "PROMOTE": "When it is to go to a stage.",
        "DEPLOY": "When it is to be deployed.",
        "MONITOR": "While it runs.",
    },
    "ExceptionKind": {
        "EXCEPTION": "The policy is not kept for a while.",
        "WAIVER": "One requirement is set aside for a while.",
        "RISK_ACCEPTANCE": "The risk is known and borne for a while.",
        "FALSE_POSITIVE": "The check is wrong about this one.",
    },
    "ExceptionStatus": {
        "DRAFT": "Being written.",
        "SUBMITTED": "Waits for a decision.",
        "UNDER_REVIEW": "Being looked at.",
        "INFO_REQUESTED": "Something is to be explained first.",
        "APPROVED": "Granted, and not begun yet.",
        "ACTIVE": "Granted and covering.",
        "SUSPENDED": "Granted, but covering nothing for now.",
        "EXPIRED": "Past its end.",
        "REVOKED": "Ended before its time.",
        "REJECTED": "Not granted.",
        "WITHDRAWN": "Taken back by whoever asked.",
        "RESOLVED": "No longer needed.",
    },
    "RiskTreatment": {
        "ACCEPT": "The risk is borne.",
        "AVOID": "What brings the risk is not done.",
        "MITIGATE": "The risk is made smaller.",
        "FIX": "Its cause is removed.",
        "TRANSFER": "Somebody else bears it.",
    },
    "Outcome": {
        "PASS": "The policy is kept.",
        "FAIL": "The policy is not kept.",
        "WARN": "The policy is not kept, and does not block.",
        "ERROR": "It could not be told; never counts as PASS.",
        "SKIP": "The policy does not ask about this.",
        "WAIVED": "The policy is not kept, and an exception covers it.",
    },
    "LineageKind": {"DATASET": "A data set.", "RUN": "A run of training or evaluation code.", "VERSION": "A version."},
    "LineageRole": {
        "TRAINING": "Trained on it.",
        "EVALUATION": "Evaluated on it.",
        "DERIVED": "Made from it.",
        "PRODUCED": "Produced by it.",
    },
    "SyncStatus": {
        "QUEUED": "Waits for a worker.",
        "RUNNING": "Under way.",
        "SUCCEEDED": "The whole registry was seen.",
        "FAILED": "It broke off; nothing was marked missing.",
        "HELD": "Too much was gone: a person decides whether that is so.",
    },
    "SyncTrigger": {"SCHEDULE": "Its time had come.", "PERSON": "Somebody asked.", "PUSH": "The registry told."},
    "TokenScope": {
        "READ": "Reading.",
        "GOVERN": "Reading, and what people do: classify, publish, request, decide, sign.",
        "SYNC": "Reading, syncing registries, asking policies.",
        "ADMIN": "Everything its bearer may do.",
    },
    "RefusalCode": {
        "BAD_ID": "An id is no id, or of another type.",
        "BAD_CURSOR": "A cursor is not of this list.",
        "BAD_INPUT": "A value cannot be used.",
        "BAD_RULE": "A policy's rule cannot be used.",
        "PAGE_SIZE": "A page must have 1 to 100 entries.",
        "TOO_COSTLY": "More was asked than one request may.",
        "UNAUTHENTICATED": "Nobody knows who asks.",
        "FORBIDDEN": "Whoever asks may not.",
        "NOT_FOUND": "There is no such thing, or none that may be seen.",
        "CONFLICT": "It is there already, or in use.",
        "KEY_REUSED": "The idempotency key was used for something else.",
        "SAME_PERSON": "Nobody decides on their own work.",
        "STALE": "It has changed since it was looked at.",
        "WRONG_STATE": "It is not in the state for that.",
        "TERM_TOO_LONG": "The term is longer than is allowed.",
        "TERM_IN_PAST": "The term ends before it begins.",
        "NO_RULE": "No approval rule says who decides.",
        "OFF": "A plugin is off.",
        "UNAVAILABLE": "Something outside cannot be reached.",
        "SETTING": "A setting is wrong.",
        "NEWER_DATA": "The data belongs to a newer hub.",
    },
}


def explain(schema: GraphQLSchema) -> None:
    """Write each word's meaning into the schema; orderings explain themselves."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLEnumType) or kind.name.startswith("__"):
            continue
        meanings = GLOSSARY.get(kind.name, {})
        for word, value in kind.values.items():
            ordering = f"By {word.lower().replace('_', ' ')}." if kind.name.endswith("OrderBy") else None
            value.description = meanings.get(word, ordering)
