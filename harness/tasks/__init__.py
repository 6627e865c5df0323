"""Open folder: a question asked of a layer, one a file."""
