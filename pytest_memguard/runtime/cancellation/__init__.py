"""Cancelling a body at each of its awaits, and looking whether anything was lost."""
