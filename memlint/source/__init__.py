"""From bytes to text, tree and names: everything that is known of a file before any flow is followed."""
