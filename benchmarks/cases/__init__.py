"""The cases by name; another one is a module here and a line below."""

from runner import Case

from cases import frames, growth, header, ingest, nochange, startup, volume

CASES: dict[str, Case] = {
    "header": header.prepare,
    "frames": frames.prepare,
    "ingest": ingest.prepare,
    "growth": growth.prepare,
    "nochange": nochange.prepare,
    "startup": startup.prepare,
    "volume": volume.prepare,
}
