"""Edits to a corpus: a new one, documents that come in, groups that get a split."""
