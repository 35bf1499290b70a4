"""Summaries that are made by themselves when their period is over, kept, and told of once."""
