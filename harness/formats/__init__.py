"""Open folder: other people's files, a format a file."""
