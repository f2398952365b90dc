"""The cases by name; another one is a module here and a line below."""

from runner import Case

from cases import (
    commits,
    compressed,
    dose,
    frames,
    growth,
    header,
    ingest,
    ledger,
    nochange,
    startup,
    volume,
    volume_sizes,
    volume_workers,
)

CASES: dict[str, Case] = {
    "header": header.prepare,
    "frames": frames.prepare,
    "ingest": ingest.prepare,
    "growth": growth.prepare,
    "nochange": nochange.prepare,
    "ledger": ledger.prepare,
    "commits": commits.prepare,
    "startup": startup.prepare,
    "volume": volume.prepare,
    "compressed": compressed.prepare,
    "volume_sizes": volume_sizes.prepare,
    "volume_workers": volume_workers.prepare,
    "dose": dose.prepare,
}
