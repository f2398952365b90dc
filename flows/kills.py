"""What becomes of jobs whose worker process died under them: who is to blame, and what is next.

A worker notes that it begins a job, so that jobs that only waited there are told from the one that
it died with. Those go to another worker; that one is judged by whoever made it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar
from uuid import uuid4

from dicomlake.pipeline.errors import EngineError
from dicomlake.pipeline.headers.notes import Kill, take_notes

Job = TypeVar("Job")
Result = TypeVar("Result")

TWICE: Final = 2
"""Processes that a job ends until it is given up."""
MOST_KILLS: Final = 3
"""Processes that a job may end where nobody judges it."""
_MOST_LOSSES: Final = 8
"""Workers that may be lost, for no known reason, before a job was begun, until it is suspected."""
_MOST_SILENT: Final = 24
"""Workers that may be lost in a row without one having begun or ended anything."""


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What a job gives that is not to be tried again."""

    result: Result


OnKilled: TypeAlias = Callable[[Job, Kill], Sequence[Job] | Done[Result]]
"""Called with a job that a process died with: what is to be done in its place."""


def once_more(give_up: Callable[[Job, str], Result]) -> OnKilled[Job, Result]:
    """Return what tries a job again, alone or not, and gives it up when it ends a second process.

    Args:
        give_up: returns the result of a job that is not done, by the reason; called by the driver,
            so that it must not do what ended the others.
    """

    def judge(job: Job, kill: Kill) -> Sequence[Job] | Done[Result]:
        if kill.kills < TWICE and not kill.timed_out:
            return [job]
        return Done(give_up(job, kill.reason))

    return judge


@dataclass(slots=True, eq=False)
class Given(Generic[Job]):
    """A job as it is given to workers."""

    job: Job
    kills: int = 0
    """Processes that ended while they did it."""
    losses: int = 0
    """Processes that ended before they began it, for no reason that is known."""
    key: str = field(default_factory=lambda: uuid4().hex)
    """Name of this try of it."""


class Kills(Generic[Job, Result]):
    """Judges the jobs of one map that were with workers that died."""

    def __init__(
        self, notes: Path, name: Callable[[Job], str], on_killed: OnKilled[Job, Result] | None
    ) -> None:
        """Remember where workers leave notes.

        Args:
            notes: their folder.
            name: what a message calls a job.
            on_killed: judges a job that was begun; where None it is tried `MOST_KILLS` times.
        """
        self._notes = notes
        self._name = name
        self._on_killed = on_killed
        self._explained: set[str] = set()
        """Workers that died with a job that they had begun."""
        self._unexplained: dict[str, list[Given[Job]]] = {}
        """Jobs that were with other workers that died."""
        self._silent: set[str] = set()
        """Those of them that died since anything was last begun or ended."""

    def went_on(self) -> None:
        """Hear that a job has ended well: workers do work."""
        self._silent.clear()

    def judge(
        self, given: Given[Job], worker: str, *, memory: bool
    ) -> list[Given[Job]] | Done[Result]:
        """Return what is to be done in place of a job, or the result that it has without.

        Args:
            given: the job.
            worker: address of the worker that died; empty where none did.
            memory: it took too much memory.

        Raises:
            EngineError: workers die whatever they are given, or the job ends each of them.
        """
        noted = take_notes(self._notes, given.key)
        begun = noted.kills or memory
        if begun:
            self._explain(worker)
        elif not self._suspected(given, worker):
            return [self._again(given)]
        kill = replace(
            noted, kills=given.kills + max(1, noted.kills), memory=memory or noted.memory
        )
        given.kills = kill.kills
        if self._on_killed is None:
            return [self._tried_again(given)]
        found = self._on_killed(given.job, kill)
        if isinstance(found, Done):
            return found
        return [self._again(given) if job is given.job else Given(job) for job in found]

    def _explain(self, worker: str) -> None:
        self._explained.add(worker)
        self._silent.clear()
        for each in self._unexplained.pop(worker, ()):
            each.losses -= 1

    def _suspected(self, given: Given[Job], worker: str) -> bool:
        """Return whether a job that was not begun may all the same have ended its workers."""
        if worker in self._explained:
            return False
        given.losses += 1
        self._unexplained.setdefault(worker, []).append(given)
        self._silent.add(worker)
        if len(self._silent) > _MOST_SILENT:
            raise EngineError(
                f"{_MOST_SILENT} worker processes in a row ended before they had done anything.",
                "Raise engine.worker_memory_bytes, or try --workers 0; "
                "nothing was committed by this stage.",
            )
        return given.losses >= _MOST_LOSSES

    def _tried_again(self, given: Given[Job]) -> Given[Job]:
        if given.kills >= MOST_KILLS:
            raise EngineError(
                f"{self._name(given.job)} ended its worker process each time it was tried.",
                "Raise engine.worker_memory_bytes, or take its files out of the source; "
                "nothing was committed by this stage.",
            )
        return self._again(given)

    @staticmethod
    def _again(given: Given[Job]) -> Given[Job]:
        given.key = uuid4().hex
        return given
