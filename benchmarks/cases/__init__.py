"""The cases by name; another one is a module here and a line below."""

from runner import Case

from cases import header, nochange, volume

CASES: dict[str, Case] = {
    "header": header.prepare,
    "volume": volume.prepare,
    "nochange": nochange.prepare,
}
