"""What drives deadlines and schedules: one process at a time, and nothing but a clock."""

from hub.ticking.ticker import Ask, Ticker, ask, asked

__all__ = ["Ask", "Ticker", "ask", "asked"]
