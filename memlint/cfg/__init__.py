"""The control-flow graph of one function: blocks of small instructions with normal and exceptional edges."""
