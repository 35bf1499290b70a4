"""One action on many exceptions: first shown for each, then done as it was shown. Decisions are never made so."""
