"""Tracked runs and schedules, against a real Prefect server on loopback with a home of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from make.series import ct_series
from make.tree import clean_environment, command, descendants, start

from dicomlake.pipeline.tables.store import open_version

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.25)
    return found


class Server:
    """A Prefect server: its address, and what it has recorded."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.environment = clean_environment(PREFECT_HOME=str(home), PREFECT_API_URL=url)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer, asked for again while the server says 503: its SQLite is locked, come back.

        Prefect's own client does the same.
        """
        deadline = time.monotonic() + 60
        while True:
            answer = httpx.request(method, f"{self.url}/{path}", json=body, timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return answer.raise_for_status().json()
            time.sleep(0.5)

    def ask(self, what: str, **criteria: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("POST", f"{what}/filter", criteria)
        return found

    def flow_run(self, tracked_at: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"flow_runs/{tracked_at.rpartition('/')[2]}")
        return found

    def trigger(self, deployment: dict[str, Any]) -> dict[str, Any]:
        path = f"deployments/{deployment['id']}/create_flow_run"
        run: dict[str, Any] = self.call("POST", path, {})
        return run

    def is_up(self) -> bool:
        try:
            self.ask("flow_runs")
        except httpx.HTTPError:
            return False
        return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = clean_environment(
        PREFECT_HOME=str(home), PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1"
    )
    prefect = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*prefect, "--port", str(port)], stdout=log, stderr=log, env=environment, cwd=home,
            start_new_session=True,
        )  # fmt: skip
        try:
            server = Server(f"http://127.0.0.1:{port}/api", home)
            wait_for(server.is_up, 120, "the Prefect server")
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    shutil.rmtree(home, ignore_errors=True)


def test_a_tracked_run_is_a_flow_run_with_one_task_a_stage_and_its_tables(
    server: Server, tmp_path: Path
) -> None:
    ct_series(tmp_path / "in", 5)
    done = command(
        "run", "in", "--workers", "0", "--json", cwd=tmp_path, environment=server.environment
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    run = server.flow_run(summary["tracked_at"])
    assert run["state"]["type"] == "COMPLETED"
    assert run["parameters"]["request"]["sources"] == [str(tmp_path / "in")]
    tasks = server.ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}})
    assert {task["name"].rpartition("-")[0] for task in tasks} == {
        "open", "crawl", "headers", "tables", "volumes", "commit volumes", "dose", "commit dose",
    }  # fmt: skip
    assert {task["state"]["type"] for task in tasks} == {"COMPLETED"}
    artifacts = server.ask("artifacts", flow_runs={"id": {"any_": [run["id"]]}})
    assert {"dicomlake-files-by-status", "dicomlake-volumes", "dicomlake-summary"} <= {
        artifact["key"] for artifact in artifacts
    }
    assert f"tracked at {summary['tracked_at']}" in done.stderr
    assert open_version(tmp_path / "lake").number == 3


def test_no_track_leaves_no_record(server: Server, tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 1)
    before = len(server.ask("flow_runs"))
    done = command(
        "ingest", "in", "--workers", "0", "--no-track", cwd=tmp_path,
        environment=server.environment,
    )  # fmt: skip
    assert done.returncode == 0
    assert "not tracked: --no-track" in done.stderr
    assert len(server.ask("flow_runs")) == before


def test_a_failed_stage_fails_the_flow_run_and_is_one_line(server: Server, tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 1)
    environment = {**server.environment, "DICOMLAKE_FAULT": "manifest.write:enospc"}
    done = command("ingest", "in", "--workers", "0", cwd=tmp_path, environment=environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr.splitlines()[-1]
    (run,) = server.ask("flow_runs", sort="START_TIME_DESC", limit=1)
    assert run["state"]["type"] == "FAILED"
    assert open_version(tmp_path / "lake").number == 0


def test_sigterm_ends_a_tracked_run_with_143(server: Server, tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 400)
    environment = {**server.environment, "DICOMLAKE_ENGINE__BATCH_FILES": "1"}
    process = start(["run", "in", "--workers", "0"], tmp_path, environment)
    batches = tmp_path / "lake" / "staging"
    wait_for(lambda: process.poll() or list(batches.glob("*/batches/*")), 60, "the first batch")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert open_version(tmp_path / "lake").number == 0


def test_an_api_that_does_not_answer_is_one_line_with_the_way_out(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 1)
    environment = clean_environment(PREFECT_API_URL="http://127.0.0.1:9/api")
    done = command("run", "in", cwd=tmp_path, environment=environment)
    assert done.returncode == 2
    assert "--no-track" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "lake").exists()


def test_serve_registers_the_run_on_its_schedule_and_does_it_when_triggered(
    server: Server, tmp_path: Path
) -> None:
    ct_series(tmp_path / "in", 5)
    arguments = ["in", "--cron", "0 2 * * *", "--timezone", "Europe/Berlin", "--name", "nightly"]
    process = start(
        ["serve", *arguments, "--preset", "nightly", "--workers", "0"], tmp_path,
        {**server.environment, "DICOMLAKE_DISCOVERY__QUIET_PERIOD_S": "0"},
    )  # fmt: skip
    try:
        wait_for(lambda: process.poll() or server.ask("deployments"), 120, "the deployment")
        (deployment,) = server.ask("deployments")
        assert deployment["name"] == "nightly"
        assert deployment["entrypoint"] == "dicomlake.flows.tracked.run"
        assert deployment["global_concurrency_limit"]["limit"] == 1
        (schedule,) = deployment["schedules"]
        assert schedule["schedule"]["cron"] == "0 2 * * *"
        assert schedule["schedule"]["timezone"] == "Europe/Berlin"
        triggered = server.trigger(deployment)
        done = wait_for(lambda: finished(server, triggered["id"]), 180, "the triggered run to end")
        assert done["state"]["type"] == "COMPLETED", done["state"]
        assert open_version(tmp_path / "lake").rows("instances") == 5
        assert open_version(tmp_path / "lake").rows("volumes") == 1
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert "Traceback" not in err


def test_ending_serve_ends_the_run_under_way_and_every_process(
    server: Server, tmp_path: Path
) -> None:
    ct_series(tmp_path / "in", 600)
    process = start(
        ["serve", "in", "--cron", "0 2 * * *", "--name", "ended", "--workers", "0"], tmp_path,
        {**server.environment, "DICOMLAKE_ENGINE__BATCH_FILES": "1"},
    )  # fmt: skip
    try:
        named = {"name": {"any_": ["ended"]}}
        wait_for(lambda: process.poll() or server.ask("deployments", deployments=named), 120, "it")
        (deployment,) = server.ask("deployments", deployments=named)
        server.trigger(deployment)
        staging = tmp_path / "lake" / "staging"
        wait_for(lambda: list(staging.glob("*/batches/*")), 120, "the run to read files")
        children = descendants(process.pid)
        assert children
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=90)
    assert process.returncode == 143, err
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 30, "their end")
    assert open_version(tmp_path / "lake").number == 0


def finished(server: Server, run_id: str) -> dict[str, Any] | None:
    run = server.flow_run(run_id)
    return run if run["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None


def test_a_schedule_that_is_none_is_one_line(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for options, said in (
        (["--cron", "at two"], "not a schedule"),
        (["--cron", "0 2 * * *", "--timezone", "Mars/Olympus"], "no time zone"),
    ):
        done = command("serve", "in", *options, cwd=tmp_path, environment=server.environment)
        assert done.returncode == 2
        assert said in done.stderr.splitlines()[-1]
