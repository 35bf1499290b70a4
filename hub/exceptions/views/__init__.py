"""Views of the backlog that people keep: a filter and an order under a name, for themselves or for a team."""
