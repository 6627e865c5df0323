"""Results on the same items: whether they can be compared, where they differ, and by how much, with chance."""

from harness.comparing.cells import Cell, Comparison, compare, explore
from harness.comparing.drawn import Drawn, Settled, with_drawn
from harness.comparing.many import Family, Many, Versus, compare_all
from harness.comparing.pairing import Pair, added, documents_of, pair

__all__ = [
    "Cell", "Comparison", "Drawn", "Family", "Many", "Pair", "Settled", "Versus", "added", "compare", "compare_all",
    "documents_of", "explore", "pair", "with_drawn",
]  # fmt: skip
