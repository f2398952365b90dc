"""Reads headers with dicomsdl or gdcm, in the environment where they are, and times that.

Run by peers.py: the request comes as JSON on standard input, rows and times go out as JSON.
"""

import json
import sys
import time


def with_dicomsdl(files, keywords):
    import dicomsdl  # noqa: PLC0415  (only where it was asked for)

    dicomsdl.set_loglevel(dicomsdl.LogLevel.ERROR)
    rows = []
    for path in files:
        try:
            dataset = dicomsdl.open(path, load_until=0x7FE00000)
        except Exception:  # noqa: BLE001  (whatever it raises: it refuses the file)
            rows.append(None)
            continue
        row = {}
        for keyword, tag in keywords:
            row[keyword] = dataset.getDataElement(tag).value()
        rows.append(row)
    return rows


def with_gdcm(files, keywords):
    import gdcm  # noqa: PLC0415  (only where it was asked for)

    scanner = gdcm.Scanner()
    tags = []
    for keyword, number in keywords:
        tag = gdcm.Tag(number >> 16, number & 0xFFFF)
        scanner.AddTag(tag)
        tags.append((keyword, tag))
    names = gdcm.FilenamesType()
    for path in files:
        names.push_back(path)
    if not scanner.Scan(names):
        raise RuntimeError("gdcm could not scan")
    rows = []
    for path in files:
        if not scanner.IsKey(path):
            rows.append(None)
            continue
        rows.append({keyword: scanner.GetValue(path, tag) for keyword, tag in tags})
    return rows


def main():
    readers = {"dicomsdl": with_dicomsdl, "gdcm": with_gdcm}
    request = json.load(sys.stdin)
    read = readers[sys.argv[1]]
    read(request["files"][:1], request["keywords"])  # imports are start-up
    cpu, wall = time.process_time(), time.perf_counter()
    rows = read(request["files"], request["keywords"])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    identity = ("SOPInstanceUID", "SeriesInstanceUID", "ImagePositionPatient", "Rows")
    kept = [row and {key: _text(row.get(key)) for key in identity} for row in rows]
    print(json.dumps({"rows": kept, "cpu_s": cpu, "wall_s": wall}))


def _text(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):  # dicomsdl's for what is not there
        return value.decode("ascii", "replace") or None
    if isinstance(value, (list, tuple)):
        return "\\".join(str(each) for each in value)
    return str(value)


if __name__ == "__main__":
    main()
