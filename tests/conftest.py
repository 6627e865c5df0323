"""Hypothesis explores at random on a developer's machine, and draws the same examples each time in CI."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
