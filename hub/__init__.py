"""The governance hub: one graph over models, lineage, policies, exceptions and approvals."""
