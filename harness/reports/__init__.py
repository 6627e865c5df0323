"""The open folder of ways to tell a run: one file each, listed by file name."""
