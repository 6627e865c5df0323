"""A real chat server with a tiny model of random weights, as the benchmark's script starts it."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "tiny_chat.py"
found = importlib.util.spec_from_file_location("tiny_chat", SCRIPT)
assert found is not None and found.loader is not None
script = importlib.util.module_from_spec(found)
found.loader.exec_module(script)
serving = script.serving
