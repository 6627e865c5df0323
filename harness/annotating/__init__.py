"""The local page: a server on this machine alone, by which one annotator reads and labels the documents of a corpus."""
