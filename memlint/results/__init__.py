"""What came of each file: as a value, as text that can be kept, and where it is kept for the next run."""
