"""A process that commits: `python committer.py LAKE NAME COUNT`.

It commits COUNT changes one after the other, each a file of its own, named by NAME; other processes
do the same at the same time.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version
from make.rows import default_settings, file_row, instance_row, rows, run_row


def own_change(name: str, number: int, base: Version) -> Change:
    """Return a change that brings one file and its instance."""
    path = f"{name}/{number}"
    file = file_row(path, sop_instance_uid=f"{name}.{number}", size=base.number)
    instance = instance_row(f"{name}.{number}", file_id=file["file_id"])
    return Change(
        {
            "files": TableDelta(rows("files", [file])),
            "instances": TableDelta(rows("instances", [instance])),
            "runs": TableDelta(rows("runs", [run_row(f"{name}-{number}")])),
        }
    )


def main() -> None:
    lake, name, count = sys.argv[1:]
    settings = default_settings(lake={"commit_attempts": 1000})
    with open_for_writing(Path(lake), settings) as writer:
        print("open", flush=True)
        sys.stdin.readline()
        for number in range(int(count)):
            run_id = f"{name}-{number}"
            writer.commit(run_id, lambda base, n=number: own_change(name, n, base))
            writer.record_run({"run_id": run_id, "outcome": "done"})
    print("done")


if __name__ == "__main__":
    main()
