"""Embeddings that lie beside the event files of a run: what their configuration names, and where it is read from.

A run has them when its folder, or `plugins/org_tensorflow_tensorboard_projector` below it, holds a projector_config.pbtxt; or
when TensorFlow's file "checkpoint" lies beside its event files: then every matrix of the checkpoint is one, as in
TensorBoard. Checkpoints are looked for in the folder, in "train" below it, where Keras writes, and around it; those
that differ only in the number at the end of their names are steps of one training.

Whatever a configuration names must lie, links followed, in the folder of the run or below the logdir.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError, FormatError
from tbcore.formats import checkpoint, embedding_files, keras_weights, pictures, projector
from tbcore.formats.checkpoint import Variable
from tbcore.formats.projector import Bookmark, Config, Entry, Metadata, Tensor
from tbcore.store.sources import Source, Stat

LARGEST_CONFIG = 16 << 20  # bytes
LARGEST_TENSOR = 1 << 30
LARGEST_METADATA = 200 << 20
LARGEST_SPRITE = 64 << 20
LARGEST_BOOKMARKS = 64 << 20
LARGEST_INDEX = 64 << 20
WIDEST_SPRITE = 8192  # pixels, each way
_MOST_STEPS = 1000  # checkpoints of one name that are looked into, the latest ones
_STEPPED = re.compile(r"(?s)(.*?)-([0-9]{1,18})")
_SLOTS = ("/.OPTIMIZER_SLOT/", "_CHECKPOINTABLE_OBJECT_GRAPH")
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class Asset:
    """A file that a configuration names: where it leads, in which state it is, and why it is not read, "" when it is.

    what: the field that names it; largest: bytes up to which it is read; note: why it is another file than the one named.
    """

    what: str
    named: str
    path: str = ""
    state: Stat | None = None
    problem: str = ""
    largest: int = 0
    note: str = ""


@dataclass(frozen=True)
class EmbeddingFile:
    """One embedding of a run at one step, as it was when the logdir was read; its files are read when they are asked for.

    name: "digits" of "digits:00020", whose step is 20, None where there is none; tensor_name: as configured; shape: as
    far as it is known without reading the vectors; folder: of the configuration; problems: with what it names; mark:
    moves when any of its files does; source_name: the file that the vectors come from.
    """

    run: str
    name: str
    step: int | None
    shape: tuple[int, int] | None
    folder: str
    tensor_name: str
    source_name: str
    problems: tuple[str, ...]
    mark: str
    sprite_size: tuple[int, int] | None = None
    entry: Entry = field(default=Entry(""), repr=False)
    variable: Variable | None = field(default=None, repr=False)
    nth: int = field(default=0, repr=False)  # of the matrices in a file of weights
    assets: dict[str, Asset] = field(default_factory=dict, repr=False, compare=False)
    source: Source | None = field(default=None, repr=False, compare=False)
    roots: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def tensor(self) -> NDArray[np.float32]:
        """Return the vectors [n, d]. Raises FormatError."""
        return self.vectors().values

    def vectors(self) -> Tensor:
        """Return the vectors [n, d], and what was repaired. Raises FormatError."""
        if self.variable is not None:
            values = checkpoint.read(self.variable, self._shard)
            return Tensor(_as_matrix(values))
        data = self._bytes("tensor_path")
        if data is None:
            reason = (
                "; ".join(self.problems) or "the configuration names no file of vectors, and there is no checkpoint"
            )
            raise EmbeddingError(reason)
        if self.assets["tensor_path"].what == "weights":
            names = keras_weights.matrices(data)
            wanted = [name for name in names if keras_weights.is_embedding(name)] or list(names)
            if self.nth >= len(wanted):
                raise EmbeddingError(f"{self.source_name} holds {len(wanted)} matrices: there is none for this entry")
            return Tensor(_as_matrix(keras_weights.matrix(data, wanted[self.nth])))
        if data.startswith(embedding_files.NUMPY):
            return Tensor(_as_matrix(embedding_files.array(data)))
        if not projector.is_text(data):
            if not self.entry.shape:
                raise EmbeddingError(
                    f"{self.source_name} is no text, and the configuration gives no tensor_shape to read it as numbers"
                )
            return projector.tensor_raw(data, self.entry.shape)
        return projector.tensor_tsv(data)

    def metadata(self, rows: int | None = None) -> Metadata | None:
        """Return what is known of each row, None when nothing is named. rows: of vectors, where that is known.

        Raises FormatError.
        """
        data = self._bytes("metadata_path")
        return None if data is None else projector.metadata(data, rows)

    def sprite(self) -> bytes | None:
        """Return the picture of all rows as it lies on the disk, None when none is named.

        Its size is checked first, by its header. Raises FormatError.
        """
        data = self._bytes("image_path")
        if data is None:
            return None
        facts = pictures.facts(data)
        if max(facts.width, facts.height) > WIDEST_SPRITE:
            raise EmbeddingError(
                f"{self.assets['image_path'].named} has {facts.width:,} x {facts.height:,} pixels: "
                f"only up to {WIDEST_SPRITE:,} each way are shown"
            )
        return data

    def bookmarks(self) -> tuple[Bookmark, ...]:
        """Return the states of the projector that somebody kept. Raises FormatError."""
        data = self._bytes("bookmarks_path")
        return () if data is None else projector.bookmarks(data)

    def _bytes(self, what: str) -> bytes | None:
        """Return a file whole, None when it is not named. Raises EmbeddingError when it cannot be read."""
        asset = self.assets.get(what)
        if asset is None:
            return None
        if asset.problem or self.source is None:
            raise EmbeddingError(asset.problem)
        return _whole(self.source, asset, self.roots)

    def _shard(self, shard: int, offset: int, length: int) -> bytes:
        """Return bytes of a data file of the checkpoint."""
        assert self.source is not None
        assert self.variable is not None
        prefix = self.assets["tensor_path"].path.removesuffix(".index")
        named = checkpoint.data_name(os.path.basename(prefix), shard, self.variable.shards)
        try:
            led = self.source.resolved(self.source.join(os.path.dirname(prefix), named), self.roots)
        except OSError as error:
            raise EmbeddingError(f"{named} cannot be read ({error.strerror or error})") from error
        if not led:
            raise EmbeddingError(f"{named} is a link that leads out of the logdir: not read")
        return self.source.load(led, offset, length)


def _as_matrix(values: NDArray[np.generic]) -> NDArray[np.float32]:
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
        raise EmbeddingError(f"an embedding is a matrix of numbers, not an array of shape {values.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(values, np.float32)


def _whole(source: Source, asset: Asset, roots: tuple[str, ...]) -> bytes:
    """Return a file whole, where its links lead now. Raises EmbeddingError, or CorruptRecordError when it shrinks."""
    try:
        led = source.resolved(asset.path, roots)
        if not led:
            raise EmbeddingError(_outside(asset.what, asset.named))
        state = source.stat(led)
    except OSError as error:
        raise EmbeddingError(f"{asset.named} cannot be read ({error.strerror or error})") from error
    if state.size > asset.largest:
        raise EmbeddingError(_too_large(asset.named, state.size, asset.largest))
    return source.load(led, 0, state.size)


def _outside(what: str, named: str) -> str:
    return f"{what} {_short(named)} leads out of the logdir: not read"


def _too_large(named: str, size: int, largest: int) -> str:
    return f"{_short(named)} takes {size:,} bytes: only up to {largest:,} are read"


def _short(named: str) -> str:
    return named if len(named) <= 120 else f"{named[:60]}…{named[-59:]}"


# What a run has ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Checkpoint:
    """The checkpoints of one name, by step, the latest last; None is the only one without a number."""

    folder: str
    names: tuple[tuple[int | None, str], ...]


class Projector:
    """The embeddings of one run, read again where a configuration or a checkpoint changed. One thread at a time."""

    def __init__(self, source: Source, run: str, root: str, path: str) -> None:
        """root: that of the logdir; path: of the run's folder."""
        self.files: tuple[EmbeddingFile, ...] = ()
        self._source, self._run, self._root, self.path = source, run, root, path
        self._roots = (root, path)
        self._configs: dict[str, tuple[Stat, Config, str]] = {}
        self._indexes: dict[str, tuple[Stat, dict[str, Variable], str]] = {}
        self._resolved: dict[tuple[str, str], Asset] = {}
        self._made: dict[tuple[Entry, str, int | None, int, str], EmbeddingFile] = {}

    def refresh(self, folders: Sequence[str]) -> bool:
        """Look at the configurations in `folders` and return whether anything changed.

        folders: none where only the file "checkpoint" lies in the run's folder.
        """
        files: list[EmbeddingFile] = []
        for folder in folders:
            found, problem = self._config(folder)
            if problem:
                # It has no embeddings to show, but somebody looks for them.
                told = Asset("tensor_path", projector.NAME, problem=problem)
                files.append(self._file(folder, Entry(""), projector.NAME, None, told))
            files += self._entries(folder, found)
        if not folders:
            files += self._entries(self.path, Config())
        before, self.files = self.files, _distinct(files)
        return self.files != before

    def _config(self, folder: str) -> tuple[Config, str]:
        """Return what the configuration in a folder says, and why it cannot be read, "" when it can."""
        path = self._source.join(folder, projector.NAME)
        asset = Asset(projector.NAME, projector.NAME, path, largest=LARGEST_CONFIG)
        try:
            state = self._source.stat(path)
            known = self._configs.get(path)
            if known is not None and known[0] == state:
                return known[1], known[2]
            data = _whole(self._source, asset, self._roots)
            found, problem = projector.config(data.decode("utf-8", "replace")), ""
        except OSError as error:
            return Config(), f"{projector.NAME} cannot be read ({error.strerror or error})"
        except FormatError as error:
            found, problem = Config(), f"{projector.NAME}: {error}"
        self._configs[path] = state, found, problem
        return found, problem

    def _entries(self, folder: str, config: Config) -> list[EmbeddingFile]:
        """Return the embeddings that a configuration names, and the matrices of its checkpoint that it does not."""
        files = []
        stepped: list[tuple[Entry, int]] = []
        places: dict[str, int] = {}
        for entry in config.entries:
            if entry.tensor_path:
                name, step = projector.named(entry)
                files.append(
                    self._file(
                        folder,
                        entry,
                        name,
                        step,
                        self._resolve(folder, "tensor_path", entry.tensor_path, LARGEST_TENSOR),
                    )
                )
            else:
                # Keras gives every Embedding layer the same name: the second entry is the second layer.
                stepped.append((entry, places.setdefault(entry.name, 0)))
                places[entry.name] += 1
        if config.entries and not stepped and not config.checkpoint_path:
            return files
        checkpoints = self._checkpoints(folder, config, bool(stepped))
        held: dict[int | None, dict[str, Variable]] = {}
        where: dict[int | None, Asset] = {}
        for step, name in checkpoints.names if checkpoints else ():
            asset = self._resolve(checkpoints.folder if checkpoints else "", "checkpoint", name, LARGEST_INDEX)
            held[step], problem = self._variables(asset)
            where[step] = asset if not problem else replace(asset, problem=problem)
        keras = None
        for at, (entry, nth) in enumerate(stepped):
            named = _canonical(entry.name, {name for one in held.values() for name in one})
            name = entry.name.removesuffix(_VALUE) or f"embedding {at + 1}"
            if named is not None:
                for step, variables in held.items():
                    if named in variables:
                        files.append(self._file(folder, entry, name, step, where[step], variables[named]))
                continue
            keras = self._weights(folder) if keras is None else keras
            for step, asset in keras:
                files.append(self._file(folder, entry, name, step, asset, nth=nth))
            if not keras:
                broken = next((one.problem for one in where.values() if one.problem), "")
                missing = broken or f"no checkpoint that holds {_short(entry.name)} was found in the folder of the run"
                files.append(self._file(folder, entry, name, None, Asset("tensor_path", entry.name, problem=missing)))
        taken = {_canonical(entry.name, {name for one in held.values() for name in one}) for entry, _nth in stepped}
        for step, variables in held.items():
            for name, variable in variables.items():
                if name not in taken and _shown(name, variable, variables):
                    entry = Entry(name)
                    files.append(self._file(folder, entry, name.removesuffix(_VALUE), step, where[step], variable))
        return files

    def _file(
        self,
        folder: str,
        entry: Entry,
        name: str,
        step: int | None,
        tensor: Asset,
        variable: Variable | None = None,
        *,
        nth: int = 0,
    ) -> EmbeddingFile:
        assets = {"tensor_path": tensor}
        for what, named, largest in (
            ("metadata_path", entry.metadata_path, LARGEST_METADATA),
            ("image_path", entry.sprite_path, LARGEST_SPRITE),
            ("bookmarks_path", entry.bookmarks_path, LARGEST_BOOKMARKS),
        ):
            if named:
                assets[what] = self._resolve(folder, what, named, largest)
        key = (entry, name, step, nth, tensor.path)
        known = self._made.get(key)
        if known is not None and known.variable is variable and known.assets == assets:
            return known
        shape = entry.shape if variable is None else variable.shape
        size = (int(shape[0]), int(shape[1])) if len(shape) == 2 else None
        told = [asset.problem or asset.note for asset in assets.values() if asset.problem or asset.note]
        said = repr([(what, asset.path, asset.state, asset.problem) for what, asset in assets.items()])
        mark = hashlib.blake2b(
            f"{self._run} {entry} {variable} {said}".encode("utf-8", "backslashreplace"), digest_size=12
        )
        made = self._made[key] = EmbeddingFile(
            run=self._run,
            name=name or "embedding",
            step=step,
            shape=size,
            folder=folder,
            tensor_name=entry.name,
            source_name=tensor.named,
            problems=tuple(told),
            mark=mark.hexdigest(),
            sprite_size=entry.sprite_size,
            entry=entry,
            variable=variable,
            nth=nth,
            assets=assets,
            source=self._source,
            roots=self._roots,
        )
        return made

    def _resolve(self, folder: str, what: str, named: str, largest: int) -> Asset:
        """Return a file that is named in a folder; one that is not where it is said to be may lie beside the configuration."""
        found = self._tried(folder, what, named, largest)
        beside = re.split(r"[\\/]", named)[-1]
        if found.problem and found.state is None and beside not in ("", ".", "..", named):
            # A log that was moved still names the place where it was written.
            other = self._tried(folder, what, beside, largest)
            if other.state is not None and not other.problem:
                return replace(
                    other, note=f"{found.problem}; {_short(beside)} beside the configuration is read instead"
                )
        return found

    def _tried(self, folder: str, what: str, named: str, largest: int) -> Asset:
        asset = Asset(what, named, largest=largest)
        if "\0" in named:
            return replace(asset, problem=f"{what} holds a sign that no path has: not read")
        path = os.path.normpath(self._source.join(folder, named))
        known = self._resolved.get((what, path))
        if known is None and not any(_inside(path, root) for root in self._roots):
            # Not even looked at: on some systems looking is telling.
            return replace(asset, problem=_outside(what, named))
        try:
            state = self._source.stat(path)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({why})"
            return replace(asset, path=path, problem=f"{_short(named)} ({what}) {reason}")
        if known is not None and known.state == state and known.named == named:
            return known
        asset = replace(asset, path=path, state=state)
        try:
            if not self._source.resolved(path, self._roots):
                asset = replace(asset, problem=_outside(what, named))
            elif state.size > largest:
                asset = replace(asset, problem=_too_large(named, state.size, largest))
        except OSError as error:
            asset = replace(asset, problem=f"{_short(named)} ({what}) cannot be read ({error.strerror or error})")
        self._resolved[what, path] = asset
        return asset

    def _checkpoints(self, folder: str, config: Config, asked: bool) -> _Checkpoint | None:
        """Return the checkpoints that belong to a configuration. asked: whether an entry needs one."""
        named = config.checkpoint_path
        if named:
            found = self._resolve(folder, "model_checkpoint_path", f"{named}.index", LARGEST_INDEX)
            if found.state is not None and not found.problem:
                inside, name = os.path.dirname(found.path), os.path.basename(found.path)
                return _Checkpoint(inside, self._like(inside, name.removesuffix(".index")))
        places = [self.path, self._source.join(self.path, "train")]
        if asked and self.path != self._root:
            places.append(os.path.dirname(self.path))
        for place in places:
            prefixes = [name.removesuffix(".index") for name in self._names(place) if name.endswith(".index")]
            if prefixes:
                latest = self._latest(place, prefixes)
                return _Checkpoint(place, self._like(place, latest))
        return None

    def _latest(self, place: str, prefixes: Sequence[str]) -> str:
        """Return the checkpoint that TensorFlow notes as the latest in a folder, else the one with the greatest number."""
        path = self._source.join(place, projector.STATE)
        try:
            data = _whole(self._source, Asset(projector.STATE, projector.STATE, path, largest=1 << 20), self._roots)
            said = re.split(r"[\\/]", projector.latest_checkpoint(data.decode("utf-8", "replace")))[-1]
        except FormatError:
            said = ""
        return said if said in prefixes else max(prefixes, key=lambda name: (_step(name)[1] or -1, name))

    def _like(self, place: str, prefix: str) -> tuple[tuple[int | None, str], ...]:
        """Return the indexes of the checkpoints that differ from `prefix` only in their number, by number."""
        stem, number = _step(prefix)
        if number is None:
            return ((None, f"{prefix}.index"),)
        found = []
        for name in self._names(place):
            if name.endswith(".index"):
                own, step = _step(name.removesuffix(".index"))
                if own == stem and step is not None:
                    found.append((step, name))
        return tuple(sorted(found)[-_MOST_STEPS:])

    def _weights(self, folder: str) -> list[tuple[int | None, Asset]]:
        """Return Keras' files of weights, by step."""
        for place in (self.path, self._source.join(self.path, "train"), folder):
            names = [name for name in self._names(place) if name.endswith(keras_weights.ENDING)]
            found = [(_step(name.removesuffix(keras_weights.ENDING)), name) for name in names]
            if found:
                stem = max(found, key=lambda one: (one[0][1] or -1, one[1]))[0][0]
                chosen = sorted(
                    (-1 if step is None else step, step, name) for (own, step), name in found if own == stem
                )
                return [
                    (step, self._resolve(place, "weights", name, LARGEST_TENSOR))
                    for _order, step, name in chosen[-_MOST_STEPS:]
                ]
        return []

    def _names(self, place: str) -> tuple[str, ...]:
        if not any(_inside(os.path.normpath(place), root) for root in self._roots):
            return ()
        return self._source.names(place)

    def _variables(self, asset: Asset) -> tuple[dict[str, Variable], str]:
        """Return the variables of a checkpoint, and why they cannot be read, "" when they can."""
        if asset.problem or asset.state is None:
            return {}, asset.problem
        known = self._indexes.get(asset.path)
        if known is not None and known[0] == asset.state:
            return known[1], known[2]
        try:
            found, problem = checkpoint.variables(_whole(self._source, asset, self._roots)), ""
        except FormatError as error:
            found, problem = {}, f"{asset.named}: {error}"
        found = {name: one for name, one in found.items() if len(one.shape) == 2}
        self._indexes[asset.path] = asset.state, found, problem
        return found, problem


def _inside(path: str, root: str) -> bool:
    """Return whether a path, as it is spelled, is in a folder or the folder itself."""
    around, spelled = os.path.abspath(root), os.path.abspath(path)
    return spelled == around or spelled.startswith(around.rstrip(os.sep) + os.sep)


def _step(prefix: str) -> tuple[str, int | None]:
    """Return the name of a checkpoint without its number, and the number: "model.ckpt" and 7 of "model.ckpt-7"."""
    match = _STEPPED.fullmatch(prefix)
    return (match[1], int(match[2])) if match else (prefix, None)


def _canonical(name: str, known: Iterable[str]) -> str | None:
    """Return the name of a variable among those known, None when it is not there; ":0" names its only output."""
    known = set(known)
    return next((one for one in (name, name.removesuffix(":0"), f"{name}{_VALUE}") if one in known), None)


def _shown(name: str, variable: Variable, others: dict[str, Variable]) -> bool:
    """Return whether a matrix that no configuration names is shown: none that an optimizer keeps of another variable."""
    if any(sign in name for sign in _SLOTS) or not variable.stored or min(variable.shape) < 2:
        return False
    parent = name.rpartition("/")[0]
    return parent not in others


def _distinct(files: Sequence[EmbeddingFile]) -> tuple[EmbeddingFile, ...]:
    """Return the files each under a name of its own: one written again takes the place of the one before."""
    by_key: dict[tuple[str, int | None, str, int], EmbeddingFile] = {}
    for file in files:
        by_key[file.name, file.step, file.assets["tensor_path"].path or file.tensor_name, file.nth] = file
    taken: set[tuple[str, int | None]] = set()
    found = []
    for file in by_key.values():
        number, name = 2, file.name
        while (name, file.step) in taken:
            name, number = f"{file.name} ({number})", number + 1
        taken.add((name, file.step))
        found.append(file if name == file.name else replace(file, name=name))
    return tuple(found)
