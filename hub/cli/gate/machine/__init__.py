"""The report for machines: each format in a module with one function `written(report) -> str`."""
