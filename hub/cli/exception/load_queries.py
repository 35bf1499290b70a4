"""What `hub exception load` and `repeats` ask of the graph, word for word."""

from hub.cli.exception.queries import WHO

LOAD = f"""query($first: Int!, $by: ExceptionLoadBy!) {{ exceptionLoad(first: $first, by: $by) {{ totalCount nodes {{
  open inForce suspended overdueReviews endingSoon undecided undecidedSince
  owner {{ ...Who }} team {{ key name }} policy {{ key title }}
}} }} }} {WHO}"""

APPROVERS = f"""query($first: Int!) {{ exceptionApproverLoad(first: $first) {{ totalCount nodes {{
  person {{ ...Who }} questions oldestAt answered medianHours
}} }} }} {WHO}"""

REPEATS = """query($first: Int!, $days: Int!, $atLeast: Int!) {
  repeatExceptions(first: $first, days: $days, atLeast: $atLeast) { totalCount nodes {
    by count open renewed longestChain waivedDays firstAt lastAt policy { key title } model { name } team { key name }
  } }
}"""
