"""Storing what registries list: models, versions and deployments, page by page, and only what is new or changed."""
