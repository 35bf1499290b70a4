"""The README tells what can be plugged in, links between documents lead somewhere, and no two locks share a key."""
