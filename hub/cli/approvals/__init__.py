"""`hub approvals`: the command line door of approvals, over GraphQL alone."""
