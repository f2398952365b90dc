"""What the process that workers are forked from imports first: it makes its other imports cheap.

Imported by that process alone, by name (template.py), and for what it does.
"""

from dicomlake.flows.worker import collect_rarely
from dicomlake.pipeline.headers.lean_pydicom import keep_requests_out

collect_rarely()
keep_requests_out()
