"""Open folder: a model a file, its library imported late."""
