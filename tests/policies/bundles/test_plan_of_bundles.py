"""A plan told like a diff."""

from hub.policies.bundles.plan import Step, changes, lines


def test_a_plan_is_told_like_a_diff() -> None:
    steps = [
        Step("z", "UNCHANGED"),
        Step("y", "UNCHANGED"),
        Step("new", "ADD", ["title"], {}, {"title": "Something new"}, None),
        Step("old", "RETIRE", ["status"], {"title": "Something old"}),
        Step(
            "owned",
            "CHANGE",
            ["severity", "rule", "tiers", "review_on", "service_levels", "citations"],
            {
                "title": "Owned", "severity": "LOW", "rule": "a\n&& b\n&& c", "tiers": ["HIGH"], "review_on": None,
                "service_levels": {"HIGH": 7}, "citations": [],
            },
            {
                "title": "Owned", "severity": "HIGH", "rule": "a\n&& b\n&& d", "tiers": ["HIGH", "LIMITED"],
                "review_on": "2027-01-01", "service_levels": {"HIGH": 3},
                "citations": [{"framework": "GDPR", "reference": "Article 6", "title": "", "url": ""}],
            },
        ),
        Step("taken", "TAKE_OVER", ["bundle"], {"title": "Taken", "bundle": None}, {"title": "Taken", "bundle": "us"}),
    ]  # fmt: skip
    assert list(lines(steps)) == [
        "+ new  Something new",
        "- old  Something old  (to be retired: the bundle no longer has it)",
        "~ owned  Owned",
        "    severity: LOW -> HIGH",
        "    rule:",
        "      @@ -1,3 +1,3 @@",
        "       a",
        "       && b",
        "      -&& c",
        "      +&& d",
        "    tiers:",
        "      + LIMITED",
        "    review_on: nothing -> 2027-01-01",
        "    service_levels: HIGH 7 -> HIGH 3",
        "    citations:",
        "      + framework GDPR, reference Article 6",
        "~ taken  Taken  (taken over from hand or another bundle)",
        "    bundle: nothing -> us",
        "= 2 unchanged",
    ]
    assert changes(steps)
    assert not changes(steps[:2])
