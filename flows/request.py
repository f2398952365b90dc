"""What a run is asked to do: plain values that survive the way through an API."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dicomlake.config.layers import SettingsProblem
from dicomlake.config.settings import Settings, load_settings
from dicomlake.pipeline.errors import SettingsError, UsageError

Command = Literal["run", "ingest", "volumes", "dose"]


class RunRequest(BaseModel):
    """The parameters of a run.

    Prefect stores and shows them in plain text: they name files and folders, and hold no secret
    and no value of a patient.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake: Path = Field(description="Folder of the lake, absolute.")
    sources: tuple[str, ...] = Field(
        default=(), description="Folders to read, absolute, each PATH or NAME=PATH."
    )
    preset: str | None = Field(default=None, description="Preset of settings, by name.")
    config: Path | None = Field(default=None, description="File with settings, absolute.")
    overrides: dict[str, bool | int | float | str] = Field(
        default_factory=dict,
        description='Settings by dotted name, such as {"engine.workers": 2}.',
    )
    allow_deletes: bool = Field(
        default=False, description="Let deletes through however many files are gone."
    )
    only_failed: bool = Field(
        default=False, description="Read again only what was skipped, deferred or quarantined."
    )
    reprocess: bool = Field(
        default=False, description="Read every file again, also those that did not change."
    )

    @field_validator("lake", "config")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        """Refuse a path that would mean another place on the machine that serves the run."""
        if path is not None and not path.is_absolute():
            raise ValueError("give an absolute path")
        return path

    def require_one_choice(self) -> None:
        """Return unless the request contradicts itself.

        Raises:
            UsageError: it asks for every file again, and for failed files only.
        """
        if self.only_failed and self.reprocess:
            raise UsageError(
                "--only-failed and --reprocess contradict each other.",
                "--reprocess reads the failed files too.",
            )

    def settings(self) -> Settings:
        """Return the settings of this run.

        Raises:
            SettingsError: a setting is unknown or has a value it cannot take.
        """
        return settings_or_error(self.preset, self.config, self.overrides)


def settings_or_error(
    preset: str | None, config: Path | None, overrides: dict[str, bool | int | float | str]
) -> Settings:
    """Return settings; what is wrong with them as an error of the tree."""
    try:
        return load_settings(preset, config, overrides)
    except SettingsProblem as problem:
        text = str(problem)
        raise SettingsError(text[:1].upper() + text[1:]) from None
