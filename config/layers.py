"""The places that settings come from: files, the environment, the command line.

Each becomes a `Layer`; what is no setting in it is refused with the nearest known name.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, create_model

Sections = Mapping[str, type[BaseModel]]
"""The model of each section."""

ENVIRONMENT_PREFIX: Final = "DICOMLAKE_"
LAKE_VARIABLE: Final = "DICOMLAKE_LAKE"
"""The lake's path; not a setting, though a section has the same name."""


class SettingsProblem(ValueError):  # noqa: N818  (SettingsError is what the command line makes of it)
    """A setting is unknown or has a value it cannot take: one line that says where and how."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one place: `values` by section and key, `where` in words for people."""

    where: str
    values: Mapping[str, Mapping[str, object]]


def known_keys(sections: Sections) -> dict[str, tuple[str, ...]]:
    """Return the keys of every section."""
    return {name: tuple(model.model_fields) for name, model in sections.items()}


def toml_layer(path: Path, where: str, sections: Sections) -> Layer:
    """Return the settings of a file.

    Raises:
        SettingsProblem: it cannot be read, or is no TOML of sections.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsProblem(f"Cannot read {where}: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"{where} is not valid TOML: {error}.") from None
    for section, content in values.items():
        if not isinstance(content, dict):
            raise SettingsProblem(
                f"{where}: {section} stands outside a section"
                f"{_nearest_qualified(section, 'write it below [{}]', sections)}."
            )
    return Layer(where, values)


def environment_layer(environment: Mapping[str, str], sections: Sections) -> Layer:
    """Return the settings of variables, such as `DICOMLAKE_VOLUMES__MIN_SLICES`.

    Raises:
        SettingsProblem: a variable is no setting, or cannot be read.
    """
    # Whoever only needs the models, such as a worker, does not pay for it.
    from pydantic_settings import (  # noqa: PLC0415  (slow import)
        BaseSettings,
        EnvSettingsSource,
        SettingsError,
    )

    ours = {
        name.upper(): value
        for name, value in environment.items()
        if name.upper().startswith(ENVIRONMENT_PREFIX)
        and name.upper() != LAKE_VARIABLE
        and _is_setting(name.upper(), sections)
    }
    fields: dict[str, Any] = {name: (model, ...) for name, model in sections.items()}
    model = create_model("Environment", __base__=BaseSettings, **fields)
    source = EnvSettingsSource(
        model, env_prefix=ENVIRONMENT_PREFIX.lower(), env_nested_delimiter="__"
    )
    values: dict[str, dict[str, object]] = {}
    for name, text in ours.items():  # one by one: an error names the section only
        source.env_vars = {name.lower(): text}
        try:
            found = source()
        except SettingsError:
            raise SettingsProblem(
                f"the environment: {name} = {text!r}: a list is written as [1, 2]."
            ) from None
        for section, content in found.items():
            values.setdefault(section, {}).update(content)
    return Layer("the environment", values)


def _is_setting(name: str, sections: Sections) -> bool:
    """Return whether a variable is a setting; refuse one that was meant to be and is not.

    A name without `__` belongs to something else, unless it nearly is a section or a key.
    """
    variables = {
        f"{ENVIRONMENT_PREFIX}{section}__{key}".upper(): key.upper()
        for section, keys in known_keys(sections).items()
        for key in keys
    }
    if name in variables:
        return True
    rest = name.removeprefix(ENVIRONMENT_PREFIX)
    words = [*variables.values(), *(section.upper() for section in sections)]
    if "__" not in rest and not difflib.get_close_matches(rest, words, n=1, cutoff=0.75):
        return False
    hint = nearest(name, (*variables, LAKE_VARIABLE))
    raise SettingsProblem(f"the environment: {name} is no setting{hint}.")


def flags_layer(flags: Mapping[str, object]) -> Layer:
    """Return the settings of the command line, by dotted name."""
    values: dict[str, dict[str, object]] = {}
    for name, value in flags.items():
        section, _, key = name.partition(".")
        values.setdefault(section, {})[key] = value
    return Layer("the command line", values)


def checked(layer: Layer, sections: Sections) -> Iterator[tuple[str, str, object]]:
    """Yield section, key and value of each setting of a layer.

    Raises:
        SettingsProblem: there is no such section or key.
    """
    keys = known_keys(sections)
    for section, content in layer.values.items():
        if section not in keys:
            raise SettingsProblem(
                f"{layer.where}: there is no section [{section}]{nearest(section, keys)}."
            )
        for key, value in content.items():
            if key not in keys[section]:
                hint = nearest(key, keys[section]) or _nearest_qualified(
                    key, "it is in [{}]", sections
                )
                raise SettingsProblem(f"{layer.where}: {section}.{key} is no setting{hint}.")
            yield section, key, value


def nearest(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Return ` (did you mean x?)`, or nothing where no known name is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""


def _nearest_qualified(key: str, form: str, sections: Sections) -> str:
    """Return in which section a key of this or nearly this name stands, or nothing."""
    section_of = {key: name for name, keys in known_keys(sections).items() for key in keys}
    found = difflib.get_close_matches(key, list(section_of), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}? {form.format(section_of[found[0]])})" if found else ""
