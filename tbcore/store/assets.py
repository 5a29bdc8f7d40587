"""Files that lie beside the event files of a run: configuration files so far."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tbcore.errors import FormatError
from tbcore.formats import configs
from tbcore.formats.configs import Config
from tbcore.store.sources import Folder, Source, Stat

_PLACES = {name: place for place, name in enumerate(configs.NAMES)}


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file in one state, read when it is first asked for what it holds.

    name: below the folder of its run; roots: the folders that a link may not lead out of.
    """

    name: str
    path: str
    state: Stat
    source: Source = field(repr=False)
    roots: tuple[str, ...] = field(repr=False)

    @cached_property
    def config(self) -> Config:
        """What the file holds, or why that cannot be told."""
        if self.state.size > configs.LARGEST:
            words = f"{self.name} takes {self.state.size:,} bytes: only up to {configs.LARGEST:,} are read"
            return Config(self.name, {}, words)
        try:
            path = self.source.resolved(self.path, self.roots)
            if not path:
                return Config(self.name, {}, f"{self.name} is a link that leads out of the logdir: not read")
            return Config(self.name, configs.parse(self.name, _bytes(self.source, path)))
        except OSError as error:
            return Config(self.name, {}, f"{self.name} cannot be read ({error.strerror or error})")
        except FormatError as error:
            return Config(self.name, {}, str(error))


def config_files(
    source: Source, root: str, path: str, folder: Folder, known: tuple[ConfigFile, ...], *, below: bool
) -> tuple[ConfigFile, ...]:
    """Return the configuration files in the folder of a run, the most telling first; those that did not change are the known.

    root: that of the logdir; path: of the run's folder; below: whether to look into the folder that Hydra makes in it.
    """
    names = [(name, source.join(path, name)) for name in sorted(folder.configs, key=_PLACES.__getitem__)]
    inner, name = configs.BELOW
    if below and inner in folder.folders:
        names.append((f"{inner}/{name}", source.join(path, inner, name)))
    if not names:
        return ()
    before = {file.path: file for file in known}
    found = []
    for shown, full in names:
        try:
            state = source.stat(full)
        except OSError:
            continue  # gone since it was listed, or no plain file
        old = before.get(full)
        found.append(
            old if old is not None and old.state == state else ConfigFile(shown, full, state, source, (root, path))
        )
    return tuple(found)


def _bytes(source: Source, path: str) -> bytes:
    """Return a whole file, or a byte more of it than is read. Raises OSError."""
    buffer = np.empty(configs.LARGEST + 1, np.uint8)
    handle = source.open(path)
    try:
        filled = 0
        while filled < buffer.size:
            got = source.read(handle, buffer[filled:], filled)
            if got == 0:
                break
            filled += got
    finally:
        source.close(handle)
    return buffer[:filled].tobytes()
