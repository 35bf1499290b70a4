"""The three reads that are measured."""

import random
from collections.abc import Callable

TINY = "query Tiny($id: ID!) { node(id: $id) { ... on Model { id name tier } } }"

MIDDLE = "query Middle { models(first: 50) { nodes { id name tier createdAt description } } }"


def heavy(leaves: Callable[[str], str] = str) -> str:
    """50 models × 5 versions × 3 data sets, 4 policies, 2 exceptions, 3 approvals; `leaves` may reshape each object."""
    return f"""
query Heavy($first: Int = 50, $after: String) {{
  models(first: $first, after: $after) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      {leaves("id name tier description createdAt")}
      owner {{ {leaves("id name handle")} }}
      versions(first: 5) {{
        nodes {{
          {leaves("id name stage status digest createdAt author")}
          datasets(first: 3) {{ nodes {{ {leaves("id name namespace digest sourceKind")} }} }}
        }}
      }}
      policies(first: 4) {{ nodes {{ why policy {{ {leaves("id key title severity enforcement")} }} }} }}
      exceptions(first: 2) {{
        nodes {{ {leaves("id kind status justification expiresAt")} policy {{ key }} }}
      }}
      approvals(first: 3) {{
        nodes {{ {leaves("id status stage requestedAt dueAt")} requestedBy {{ name }} }}
      }}
    }}
  }}
}}
"""


HEAVY = heavy()


def reshaped(number: int) -> str:
    """The heavy read as nobody wrote it before: every object's leaves in another order, one under another name."""
    chance = random.Random(number)

    def shuffled(words: str) -> str:
        made = words.split()
        chance.shuffle(made)
        return " ".join([f"a{number}: {made[0]}", *made[1:]])

    return heavy(shuffled)
