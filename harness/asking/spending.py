"""A budget in requests, tokens and money: what would go over it is not asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from threading import Condition

from harness.asking.client import Failure, Reply
from harness.asking.keeping import Kept

ENDLESS = 1e300
ROOM = (
    "requests + 1 <= :requests AND tokens_in + :read + tokens_out + :wrote <= :tokens"
    " AND (tokens_in + :read) * :price_in + (tokens_out + :wrote) * :price_out <= :cost * 1e6"
)


@dataclass(frozen=True)
class Limits:
    """The most that may be spent, None for no limit; prices are per million tokens, in the same money as the cost."""

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0


class Budget:
    """Takes from a purse before a request is sent what it may cost at worst, and gives back what it did not.

    At worst a server reads one token a byte and writes all that the request lets it. While servers keep to that, and
    count truly, what is spent never goes over a limit, by however many threads and processes share the purse. A try
    that broke off may have been billed: it stays taken.
    """

    def __init__(self, kept: Kept, purse: str, limits: Limits) -> None:
        self._kept, self._purse = kept, purse
        self._limits = {name: ENDLESS if most is None else most for name, most in asdict(limits).items()}
        self._prices = limits.price_in, limits.price_out
        self._under_way = 0
        self._changed = Condition()
        self.spent = {"requests": 0.0, "tokens": 0.0, "cost": 0.0}  # by this one

    def take(self, worst: tuple[int, int]) -> bool:
        """Take what a request costs at worst; False where there is no room, and none will come of those under way."""
        with self._changed:
            while not self._kept.take(self._purse, worst, ROOM, self._limits):
                if not self._under_way:
                    return False
                self._changed.wait()
            self._under_way += 1
            return True

    def settle(self, worst: tuple[int, int], said: Reply | Failure) -> None:
        """Put right what was taken, now that it is known what the request cost."""
        known = said.tokens if isinstance(said, Reply) else None if said.costly else (0, 0)
        cost = known or worst
        with self._changed:
            try:
                self._kept.correct(self._purse, (cost[0] - worst[0], cost[1] - worst[1]))
                self.spent["requests"] += 1
                self.spent["tokens"] += sum(cost)
                self.spent["cost"] += sum(n * price for n, price in zip(cost, self._prices, strict=True)) / 1e6
            finally:
                self._under_way -= 1
                self._changed.notify_all()
