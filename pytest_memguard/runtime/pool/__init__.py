"""Pools: one state machine and one set of plans, driven by threads or by an event loop."""
