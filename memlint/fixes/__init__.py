"""From a finding to a change of its file: what a fix would do, whether it is safe, and the rewriting itself.

A fix is planned on the ``ast`` that the analysis read and says what it wants as operations; ``rewrite`` alone carries
them out, with libcst, which keeps comments and layout.  Whether a change is kept is decided above, by analysing again.
"""
