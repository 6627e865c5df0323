"""What was found, as a person or a program reads it: terminal, Markdown, LaTeX, JSON."""
