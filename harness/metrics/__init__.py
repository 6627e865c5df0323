"""Open folder: a metric a file."""
