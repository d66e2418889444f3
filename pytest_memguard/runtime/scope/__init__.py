"""Scopes: whatever is registered in one is released at its end, in reverse order, each thing once."""
