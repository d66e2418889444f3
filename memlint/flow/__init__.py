"""The analysis: which obligations are held where, and who is left owing."""
