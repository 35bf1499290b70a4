"""Requests that are being written: their author's alone, asked of nobody, counted nowhere."""
