"""The version of the harness, as it stands in signatures and results."""

VERSION = "0.1.0"
