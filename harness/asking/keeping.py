"""What servers answered, kept in an sqlite file, so that no question is paid for twice, whatever ends a run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from harness.asking.client import Reply
from harness.errors import HarnessError

PATIENCE = 60.0  # seconds that one process waits for another to be done writing
TABLES = """
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY, url TEXT, model TEXT, mode TEXT, status TEXT, text TEXT, tokens_in INTEGER, tokens_out INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS servers (url TEXT, model TEXT, mode TEXT, PRIMARY KEY (url, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS purses (
  purse TEXT PRIMARY KEY, requests INTEGER DEFAULT 0, tokens_in INTEGER DEFAULT 0, tokens_out INTEGER DEFAULT 0
) WITHOUT ROWID;
"""


class Kept:
    """Answers by the digest of what was asked; which mode a server takes; what was spent from which purse.

    Each write stands when it returns, also when the process is killed right after, and several processes may use one
    file. Failures are never written here, and keys of servers never come here.
    """

    def __init__(self, path: str) -> None:
        self._path, self._lock = path, Lock()
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise HarnessError(f"{path}: cannot keep answers here ({error}). Give another file: cache=….") from None
        try:
            self._do(self._write_ahead)
            self._do(lambda: self._file.executescript(f"BEGIN IMMEDIATE;{TABLES}COMMIT;"))
        except HarnessError:
            self._file.close()
            raise

    def close(self) -> None:
        """Done; the last to close folds the write-ahead log into the file."""
        with self._lock:
            self._file.close()

    def answer(self, key: str) -> Reply | None:
        """What was answered to this, if it was."""
        rows = self._all("SELECT status, text, tokens_in, tokens_out FROM answers WHERE key = ?", key)
        for status, text, read, wrote in rows:
            return Reply(text, status == "refused", None if read is None else (read, wrote))
        return None

    def keep(self, key: str, reply: Reply, url: str, model: str, mode: str) -> None:
        """Keep an answer for good, with the mode in which it was asked for."""
        status = "refused" if reply.refused else "answered"
        tokens = reply.tokens or (None, None)
        row = (key, url, model, mode, status, reply.text, *tokens)
        self._all("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row)

    def mode(self, url: str, model: str) -> str:
        """The mode of answers that this server was found to take; empty where it is not known."""
        rows = self._all("SELECT mode FROM servers WHERE url = ? AND model = ?", url, model)
        return str(rows[0][0]) if rows else ""

    def remember(self, url: str, model: str, mode: str) -> None:
        """The mode of answers that this server takes."""
        self._all("INSERT OR REPLACE INTO servers VALUES (?, ?, ?)", url, model, mode)

    def take(self, purse: str, tokens: tuple[int, int], room: str, limits: Mapping[str, float]) -> bool:
        """Put a request and its tokens on a purse's account, if the condition `room` then still holds."""
        self._all("INSERT OR IGNORE INTO purses (purse) VALUES (?)", purse)
        more = "requests = requests + 1, tokens_in = tokens_in + :read, tokens_out = tokens_out + :wrote"
        values = {"purse": purse, "read": tokens[0], "wrote": tokens[1], **limits}
        update = f"UPDATE purses SET {more} WHERE purse = :purse AND {room}"
        return bool(self._do(lambda: self._file.execute(update, values).rowcount))

    def correct(self, purse: str, tokens: tuple[int, int]) -> None:
        """Add tokens, or take off what was put on the account too much."""
        account = "UPDATE purses SET tokens_in = tokens_in + ?, tokens_out = tokens_out + ? WHERE purse = ?"
        self._all(account, *tokens, purse)

    def _all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._do(lambda: self._file.execute(statement, values).fetchall())

    def _do(self, work: Callable[[], Any]) -> Any:
        try:
            with self._lock:
                return work()
        except sqlite3.DatabaseError as error:
            remedy = "Move the file away, or give another: cache=…."
            raise HarnessError(f"{self._path}: answers cannot be kept ({error}). {remedy}") from None

    def _write_ahead(self) -> None:
        """Switch to a write-ahead log, for which sqlite does not wait by itself while another process does the same."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self._file.execute("PRAGMA journal_mode = WAL")
                self._file.execute("PRAGMA synchronous = NORMAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)
