"""What the commands about kept views ask of the graph, word for word."""

from hub.cli.exception.queries import PAGE, REFUSAL, WHO

KEPT = f"""fragment Kept on SavedView {{
  id name mine filter orderBy changedAt person {{ ...Who }} sharedWith {{ key }}
}} {WHO}"""

# Asked apart: names are unique among one's own only, and any number of colleagues may share one of the same name.
NAMED = f"""query($name: String!) {{
  own: savedViews(first: 1, filter: {{ name: $name, mine: true }}) {{ nodes {{ ...Kept }} }}
  teams: savedViews(first: 2, filter: {{ name: $name, mine: false }}) {{ nodes {{ ...Kept }} }}
}} {KEPT}"""

VIEWS = f"{{ savedViews(first: {PAGE}) {{ totalCount nodes {{ ...Kept }} }} }} {KEPT}"

TEAMS = f"{{ viewer {{ id teams(first: {PAGE}) {{ nodes {{ id key }} }} }} }}"

SAVE = f"""mutation($input: SaveViewInput!) {{ saveView(input: $input) {{
  __typename {REFUSAL}
  ... on ViewSaved {{ view {{ ...Kept }} }}
}} }} {KEPT}"""

DELETE = f"""mutation($input: DeleteViewInput!) {{ deleteView(input: $input) {{
  __typename {REFUSAL}
  ... on ViewDeleted {{ view }}
}} }}"""
