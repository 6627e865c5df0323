"""The report at the end of a run: written where that is quick, and only where what it tells has changed."""

from __future__ import annotations

import shlex
from pathlib import Path

from harness.version import VERSION

MOST = 20_000  # items, over all results, up to which a run writes its report by itself


def report_of(folder: Path, items: int) -> str:
    """A line that ends a run: where its report is, or the command that writes it."""
    from harness.cli import _accounts
    from harness.errors import HarnessError
    from harness.files import digest, digest_bytes, write_atomically
    from harness.registry import make, parse
    from harness.runs import REPORT, REPORT_OF, RESULT

    command = f"To look at them: harness report {shlex.quote(str(folder))}"
    if items > MOST:
        return command
    told = {path.relative_to(folder).as_posix(): digest_bytes(path.read_bytes()) for path in folder.rglob(RESULT)}
    code = Path(__file__).parent.parent / "reporting"
    ours = {path.name: digest_bytes(path.read_bytes()) for path in sorted(code.rglob("*")) if path.is_file()}
    identity = digest({"results": told, "harness": VERSION, "report": ours}).encode()
    path, known = folder / REPORT, folder / REPORT_OF
    if not path.is_file() or not known.is_file() or known.read_bytes() != identity:
        try:
            account = _accounts.account([str(folder)])
            known.unlink(missing_ok=True)
            make("reports", parse("html")).write(account, path)
            write_atomically(known, identity)
        except HarnessError:  # a run is a run, whether or not its corpus can be read again
            return command
    return f"Its report: {path}"
