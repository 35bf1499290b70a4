"""Storing what registries tell about single versions: runs, data sets, metrics, lineage."""
