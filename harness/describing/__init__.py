"""What is told of a corpus, made of its numbers: tables, the generated part of its data card, Croissant metadata."""
