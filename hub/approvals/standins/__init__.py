"""Who stands in for whom: delegations and absences."""
