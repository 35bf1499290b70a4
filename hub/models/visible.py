"""Who sees a model, and what hangs on it: restricted ones are for their team, owner, auditors and admins."""

from hub.graph.declare import Visible
from hub.people.access import Sight

SEES_RESTRICTED = "({t}.owner_id = {person} OR {t}.team_id = ANY({teams}))"
HIDDEN_UNLESS = "NOT {t}.restricted OR {t}.owner_id = {person} OR {t}.team_id = ANY({teams})"

MODEL = Visible({Sight.ALL: "", Sight.MEMBER: f"({HIDDEN_UNLESS})"})


def through_model(model_id: str = "{t}.model_id", *, or_none: bool = False) -> Visible:
    """Seen by whoever sees the model that this expression names; `or_none`: where it is null, by everybody."""
    seen = HIDDEN_UNLESS.replace("{t}", "vm")
    # Only where it can be null: PostgreSQL turns a bare EXISTS into a join, and one beside an OR into a scan.
    unless = f"{model_id} IS NULL OR " if or_none else ""
    return Visible(
        {
            Sight.ALL: "",
            Sight.MEMBER: f"({unless}EXISTS (SELECT 1 FROM models vm WHERE vm.id = {model_id} AND ({seen})))",
        }
    )


BY_SIGHT = Visible({sight: f"{{t}}.sight = '{sight}'" for sight in Sight})
"""For rows that were made for one class of readers, as `each_sight` makes them."""


def each_sight(select: str, model_id: str) -> str:
    """A select once for each class of readers: `{sight}` is the class, `{seen}` that it sees the model.

    For sums over what a reader sees; the planner leaves out the class that does not read.
    """
    classes = through_model(model_id).classes
    return " UNION ALL ".join(
        select.replace("{sight}", f"'{sight}'").replace("{seen}", seen or "true") for sight, seen in classes.items()
    )


def through_version(version_id: str = "{t}.version_id") -> Visible:
    """Seen by whoever sees the model of the version that this expression names."""
    seen = HIDDEN_UNLESS.replace("{t}", "vm")
    return Visible(
        {
            Sight.ALL: "",
            Sight.MEMBER: "EXISTS (SELECT 1 FROM model_versions vv JOIN models vm ON vm.id = vv.model_id"
            f" WHERE vv.id = {version_id} AND ({seen}))",
        }
    )
