"""Where something was acquired, as the runtime takes it; the guard takes it from the same module without a runtime."""

from ..frames import DEPTH, Frame, Origin, Positions, capture, here, snapshot

__all__ = ["DEPTH", "Frame", "Origin", "Positions", "capture", "here", "snapshot"]
