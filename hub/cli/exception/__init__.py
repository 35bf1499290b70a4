"""`hub exception`: the command line door of exceptions, over GraphQL alone."""
