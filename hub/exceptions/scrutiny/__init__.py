"""Under which row of the approval matrix an exception is asked: the longer or riskier, the more it needs."""
