"""A piece of work in a process of its own that is killed on the way."""

import gc
import os
import signal
from collections.abc import Callable

from dicomlake.pipeline.tables import faults


def killed(work: Callable[[], object], fault: str) -> bool:
    """Do work in a fork, with a fault armed; return whether it was killed by SIGKILL.

    A fork and no new process: what is imported stays, so that a test may do it many times.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            # No other thread of the parent is here, but whatever they were at is.
            gc.disable()
            signal.alarm(60)
            os.environ[faults.VARIABLE] = fault
            faults._passages.clear()
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it failed in another way"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
