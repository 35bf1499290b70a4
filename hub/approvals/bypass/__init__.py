"""Going ahead without the approval that was asked for, for a few hours, and the review that follows."""
