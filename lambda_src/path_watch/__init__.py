"""Watches the alert path itself: who does not listen, what is not filled, what still rings, and whether it carries."""
