"""Chance: resampling and intervals, on arrays only."""
