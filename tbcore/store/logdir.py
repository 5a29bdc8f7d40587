"""A logdir: discovers runs, refreshes them side by side, and hands out immutable snapshots."""

import math
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from tbcore.errors import LogdirError
from tbcore.formats import configs, projector
from tbcore.names import matcher, natural
from tbcore.series import Problem, Series
from tbcore.store.assets import ConfigFile, config_files
from tbcore.store.columns import Part
from tbcore.store.embeddings import Projector
from tbcore.store.folding import folded
from tbcore.store.profiles import Held, Place, Profiles
from tbcore.store.run import EventFile, Run, read_part
from tbcore.store.sources import Folder, LocalSource, Source, Stat

_PIECE = 24 << 20  # bytes of a file that are worth a reader of their own
_DEEPEST = 64  # folders inside each other, beyond which something is wrong with the file system
_EVERY = 0.25  # seconds between the snapshots that a first, long refresh publishes


@dataclass(frozen=True)
class Snapshot:
    """What the readers of a logdir see: runs in their order, and what is wrong with folders. Never changes."""

    generation: int = 0
    runs: dict[str, Run] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a refresh is: files done of files to read, and bytes likewise."""

    done: int
    total: int
    bytes_done: int
    bytes_total: int


class Logdir:
    """The runs below one folder, or several, as far as `refresh` has read them.

    Any number of threads may look at it while one refreshes: they see the last snapshot.
    """

    def __init__(
        self, spec: str | os.PathLike[str], *, source: Source | None = None, workers: int | None = None
    ) -> None:
        """spec: a path, or several as "train=a/b,eval=c/d" or "train:a/b,eval:c/d"."""
        self.spec = os.fspath(spec)
        self.source = LocalSource() if source is None else source
        self.roots = roots(self.spec)
        self.snapshot = Snapshot()
        self.progress: Progress | None = None
        self._workers = workers or os.cpu_count() or 1
        self._files: dict[str, dict[str, EventFile]] = {}
        self._configs: dict[str, tuple[ConfigFile, ...]] = {}
        self._projectors: dict[str, Projector] = {}
        self._profiles = Profiles(self.source)
        self._generations: dict[str, int] = {}
        self._lock = threading.Lock()
        self._folded: tuple[Snapshot, tuple[Run, ...]] = self.snapshot, ()
        self._folding = threading.Lock()

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the runs by the wall time of their first event, those without one last."""
        return tuple(self.snapshot.runs.values())

    @property
    def folded(self) -> tuple[Run, ...]:
        """Return the runs with the sub-runs of hyperparameters folded into the runs that they belong to."""
        with self._folding:
            snapshot, runs = self._folded
            if snapshot is not self.snapshot:
                snapshot = self.snapshot
                runs = folded(tuple(snapshot.runs.values()), runs)
                self._folded = snapshot, runs
            return runs

    @property
    def generation(self) -> int:
        """Return a number that moves whenever a refresh changed anything."""
        return self.snapshot.generation

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return everything that is wrong with folders and files, worst named first by run order."""
        return self.snapshot.problems + tuple(problem for run in self.runs for problem in run.problems)

    def refresh(self, *, wait: bool = True, on_progress: Callable[[Progress], None] | None = None) -> bool:
        """Read what is new and return whether anything is.

        wait: whether to wait for a refresh that is going on in another thread; without, return False at once.
        Raises LogdirError when there is no folder to read.
        """
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            return self._refresh(on_progress)
        finally:
            self.progress = None
            self._lock.release()

    def find(self, kind: str, tags: str | None = None, runs: str | None = None) -> list[Series]:
        """Return the series of a kind whose tag and run match, in run order, tags in natural order.

        tags, runs: regular expressions, case-insensitive and unanchored; None matches all. Raises PatternError.
        """
        tag_matches, run_matches = matcher(tags), matcher(runs)
        seen: dict[str, bool] = {}
        order: dict[str, list[tuple[int, int, str]]] = {}
        found = []
        for run in self.runs:
            if not run_matches(run.name):
                continue
            matching = []
            for (of_kind, tag), series in run.series.items():
                if of_kind != kind:
                    continue
                if tag not in seen:
                    seen[tag] = tag_matches(tag)
                    order[tag] = natural(tag)
                if seen[tag]:
                    matching.append(series)
            found += sorted(matching, key=lambda series: order[series.tag])
        return found

    def _refresh(self, on_progress: Callable[[Progress], None] | None) -> bool:
        folders, hidden, problems, projectors, traced = self._discover()
        changed = self._recordings(folders, hidden, traced)
        wanted, more = self._compare(folders)
        problems += more
        kept = {run for run, places in projectors.items() if places} | set(self._profiles.runs)
        changed |= self._forget(folders, hidden, kept)
        changed |= self._beside(folders)
        changed |= self._embeddings(folders, hidden, projectors)
        problems_changed = problems != self.snapshot.problems
        if wanted:
            self._read(wanted, changed, problems, on_progress)
        elif changed or problems_changed:
            self._publish(changed, problems)
        return bool(wanted or changed or problems_changed)

    def _discover(
        self,
    ) -> tuple[dict[str, tuple[str, str, Folder]], list[str], tuple[Problem, ...], dict[str, list[str]], list[Place]]:
        """Return the folders of runs as (root, path, content) by run name, those that cannot be listed, and why.

        The fourth is, by the name of a run that may have embeddings, which folders hold a configuration of them; the last
        are the folders with files that may be profiles.
        """
        found: dict[str, tuple[str, str, Folder]] = {}
        hidden = []
        problems = []
        errors = []
        projectors: dict[str, list[str]] = {}
        traced: list[Place] = []
        for prefix, root in self.roots:
            try:
                self.source.check(root)
            except LogdirError as error:
                errors.append(error)
                problems.append(Problem(root, -1, str(error).removeprefix(f"{root} ")))
                continue
            for parts, path, folder in self._walk((), root, ()):
                name = _spelled("/".join((*((prefix,) if prefix else ()), *parts))) or "."
                if folder.traces and not self._profiles.quiet(path, folder.traces):
                    traced.append(Place(root, path, name, folder.traces))
                if folder.error:
                    hidden.append(name)
                    problems.append(Problem(name, -1, f"the folder cannot be listed ({folder.error})"))
                elif folder.files or folder.beside:
                    configured = projector.NAME in folder.beside
                    if configured and parts[-2:] == projector.FOLDER:
                        # The walk goes down, so that the run was met if it is one by its own files.
                        name = name.removesuffix("/".join(projector.FOLDER)).rstrip("/") or "."
                        found.setdefault(name, (root, os.path.dirname(os.path.dirname(path)), Folder()))
                        projectors.setdefault(name, []).append(path)
                    elif folder.files or configured:
                        found[name] = (root, path, folder)
                        if folder.beside:
                            projectors[name] = [path] if configured else []
        if len(errors) == len(self.roots):
            raise errors[0]
        return found, hidden, tuple(problems), projectors, traced

    def _walk(
        self, parts: tuple[str, ...], path: str, inside: tuple[tuple[int, int], ...]
    ) -> Iterator[tuple[tuple[str, ...], str, Folder]]:
        """Yield every folder from `path` down, following links but never into a folder that we are inside of."""
        folder = self.source.folder(path)
        if (any(folder.identity) and folder.identity in inside) or len(parts) > _DEEPEST:
            return
        yield parts, path, folder
        for name in folder.folders:
            yield from self._walk((*parts, name), self.source.join(path, name), (*inside, folder.identity))

    def _compare(
        self, folders: dict[str, tuple[str, str, Folder]]
    ) -> tuple[list[tuple[str, EventFile, Stat]], tuple[Problem, ...]]:
        """Return the files that differ from what was read of them, as (run, file, state), and what hides others."""
        wanted = []
        problems = []
        for run, (_root, path, folder) in folders.items():
            known = self._files.setdefault(run, {})
            for name in folder.files:
                full = self.source.join(path, name)
                shown = _spelled(name) if run == "." else f"{run}/{_spelled(name)}"
                try:
                    state = self.source.stat(full)
                except FileNotFoundError:
                    continue  # gone since it was listed; the next listing tells
                except OSError as error:
                    problems.append(Problem(shown, -1, f"cannot be read ({error.strerror or error})"))
                    continue
                file = known.get(name)
                if file is None or file.path != full:
                    file = known[name] = EventFile(full, shown, self.source)
                if file.changed(state):
                    wanted.append((run, file, state))
        return wanted, tuple(problems)

    def _forget(self, folders: dict[str, tuple[str, str, Folder]], hidden: list[str], kept: set[str]) -> set[str]:
        """Drop files and runs that are gone, but none in a hidden folder; return the runs that this changes.

        kept: runs that are runs without event files too.
        """
        changed = set()
        for run in list(self._files):
            if _hidden(run, hidden):
                continue
            present = set(folders[run][2].files) if run in folders else set()
            gone = [name for name in self._files[run] if name not in present]
            for name in gone:
                del self._files[run][name]
            if gone:
                changed.add(run)
            if not self._files[run] and run not in kept:
                del self._files[run]
                self._configs.pop(run, None)
                changed.add(run)
        return changed & (set(self.snapshot.runs) | set(self._files))

    def _beside(self, folders: dict[str, tuple[str, str, Folder]]) -> set[str]:
        """Look for configuration files beside the event files; return the runs seen before that this changes."""
        changed = set()
        for run, (root, path, folder) in folders.items():
            known = self._configs.get(run, ())
            inner = configs.BELOW[0] if run == "." else f"{run}/{configs.BELOW[0]}"
            files = config_files(self.source, root, path, folder, known, below=inner not in folders)
            if files != known:
                self._configs[run] = files
                if run in self.snapshot.runs:
                    changed.add(run)
        return changed

    def _embeddings(
        self, folders: dict[str, tuple[str, str, Folder]], hidden: list[str], projectors: dict[str, list[str]]
    ) -> set[str]:
        """Look for embeddings where `projectors` says; return the runs that this changes."""
        changed = set()
        for run, places in projectors.items():
            root, path, _folder = folders[run]
            known = self._projectors.get(run)
            if known is None or known.path != path:
                known = self._projectors[run] = Projector(self.source, run, root, path)
            if known.refresh(places) and (run in self.snapshot.runs or not self._files.get(run)):
                changed.add(run)
        for run in set(self._projectors) - set(projectors):
            if not _hidden(run, hidden):
                del self._projectors[run]
                changed |= {run} & set(self.snapshot.runs)
        return changed

    def _recordings(
        self, folders: dict[str, tuple[str, str, Folder]], hidden: list[str], traced: list[Place]
    ) -> set[str]:
        """Look for profiles where `traced` says, and add runs that have nothing else to `folders`; return those that this changes."""
        changed = self._profiles.refresh(traced, folders, lambda run: _hidden(run, hidden))
        for run, held in self._profiles.runs.items():
            if not _hidden(run, hidden):
                folders.setdefault(run, (held.root, held.path, Folder()))
        return {run for run in changed if run in self.snapshot.runs or not self._files.get(run)}

    def _read(
        self,
        wanted: list[tuple[str, EventFile, Stat]],
        changed: set[str],
        problems: tuple[Problem, ...],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Read the wanted files side by side, publishing snapshots as runs become ready.

        changed: runs that have changed already, since files of theirs are gone.
        """
        total = sum(file.unread(state) for _run, file, state in wanted)
        piece = max(_PIECE, total // (2 * self._workers))
        done = bytes_done = 0
        dirty = set(changed)
        published = _clock()
        self.progress = Progress(0, len(wanted), 0, total)
        # Small files have a lane of their own: several threads would only take Python's lock from each other.
        with (
            ThreadPoolExecutor(self._workers, thread_name_prefix="tbcore") as pool,
            ThreadPoolExecutor(1, thread_name_prefix="tbcore-small") as lane,
        ):
            # Large files first, so that no thread ends up alone with one.
            wanted.sort(key=lambda item: -item[1].unread(item[2]))
            tasks: dict[Future[None], tuple[str, EventFile, Stat]] = {}
            joined: list[tuple[tuple[str, EventFile, Stat], list[Part], list[Future[None]]]] = []
            small: list[tuple[str, EventFile, Stat]] = []
            for item in wanted:
                _run_name, file, state = item
                if file.state is None and state.size > 1.5 * piece and self._workers > 1:
                    pieces = self._split(file, state, piece)
                    futures = [pool.submit(self._read_piece, file, part, state, limit) for part, limit in pieces]
                    joined.append((item, [part for part, _limit in pieces], futures))
                elif state.size > _PIECE // 16:
                    tasks[pool.submit(file.read, state)] = item
                else:
                    small.append(item)
            batch = max(1, min(64, len(small) // (4 * self._workers)))
            batches = {
                lane.submit(_read_all, small[first : first + batch]): small[first : first + batch]
                for first in range(0, len(small), batch)
            }

            def finished(items: list[tuple[str, EventFile, Stat]]) -> None:
                nonlocal done, bytes_done, published
                for run, _file, state in items:
                    dirty.add(run)
                    done += 1
                    bytes_done += state.size
                self.progress = Progress(done, len(wanted), min(bytes_done, total), total)
                if on_progress is not None:
                    on_progress(self.progress)
                if _clock() - published > _EVERY and done < len(wanted):
                    self._publish(dirty, problems)
                    dirty.clear()
                    published = _clock()

            for future in as_completed([*tasks, *batches]):
                future.result()
                finished([tasks[future]] if future in tasks else batches[future])
            for item, parts, futures in joined:
                for future in futures:
                    future.result()
                item[1].read(item[2], parts)
                finished([item])
        self._publish(dirty, problems)

    def _split(self, file: EventFile, state: Stat, piece: int) -> list[tuple[Part, int]]:
        """Return the parts of a large file to read side by side, or one that ends where the file does."""
        try:
            return file.split(state, max(2, round(state.size / piece)))
        except OSError:
            return []  # the reading of the whole file says why

    def _read_piece(self, file: EventFile, part: Part, state: Stat, limit: int) -> None:
        try:
            handle = self.source.open(file.path)
        except OSError:
            return  # the part stays where it is, and the reading of the whole file says why
        try:
            read_part(self.source, handle, part, state.size, limit)
        except OSError:
            return
        finally:
            self.source.close(handle)

    def _publish(self, changed: set[str], problems: tuple[Problem, ...]) -> None:
        """Swap in a snapshot in which the changed runs are new."""
        old = self.snapshot
        runs = {name: run for name, run in old.runs.items() if name in self._files}
        for name in changed:
            if name in self._files:
                self._generations[name] = self._generations.get(name, 0) + 1
                files, beside = self._files[name], self._configs.get(name, ())
                held, recorded = self._projectors.get(name), self._profiles.runs.get(name)
                runs[name] = _run(name, files, beside, held, recorded, self._generations[name], self.source)
        ordered = sorted(
            runs.values(),
            key=lambda run: (math.isnan(run.start), 0.0 if math.isnan(run.start) else run.start, natural(run.name)),
        )
        self.snapshot = Snapshot(old.generation + 1, {run.name: run for run in ordered}, problems)


def _read_all(items: list[tuple[str, EventFile, Stat]]) -> None:
    for _run_name, file, state in items:
        file.read(state)


def _spelled(name: str) -> str:
    """Return the name of a file as text: bytes in it that are none are written out, since no screen can show them."""
    return name.encode("utf-8", "backslashreplace").decode()


def _clock() -> float:
    return os.times().elapsed


def _run(
    name: str,
    files: dict[str, EventFile],
    beside: tuple[ConfigFile, ...],
    held: Projector | None,
    recorded: Held | None,
    generation: int,
    source: Source,
) -> Run:
    """Return the run that its files make as far as they are read."""
    ordered = [files[key] for key in sorted(files) if files[key].state is not None]
    opened = [file.opened.wall_time for file in ordered if math.isfinite(file.opened.wall_time)]
    latest = [file.opened.last_wall_time for file in ordered if math.isfinite(file.opened.last_wall_time)]
    return Run(
        name=name,
        path=os.path.dirname(ordered[0].path) if ordered else next((one.path for one in (held, recorded) if one), ""),
        start=min(opened, default=math.nan),
        last_wall_time=max(latest, default=math.nan),
        generation=generation,
        files=tuple(file.report for file in ordered),
        segments=tuple((file.path, file.opened, file.rows, file.graphs) for file in ordered),
        source=source,
        config_files=beside,
        embeddings=() if held is None else held.files,
        profile_files=() if recorded is None else recorded.files,
    )


def _hidden(run: str, hidden: list[str]) -> bool:
    """Return whether a run lies in a folder that cannot be listed now."""
    return any(name in (".", run) or run.startswith(f"{name}/") for name in hidden)


def roots(spec: str) -> list[tuple[str, str]]:
    """Return (name, path) of every root that `spec` names; a single path has the name "".

    A path that exists is that path, whatever signs are in it. Raises LogdirError when two roots have one name.
    """
    if not spec.strip():
        raise LogdirError("no logdir is given: pass a folder of event files")
    if os.path.exists(os.path.expanduser(spec)):
        return [("", os.path.expanduser(spec))]
    parts = [part for part in spec.split(",") if part.strip()]
    named = [_named(part.strip()) for part in parts]
    if not any(name for name, _path in named):
        if len(parts) == 1:
            return [("", os.path.expanduser(spec))]
        named = [(path, path) for _name, path in named]
    found: dict[str, str] = {}
    for given, path in named:
        name = given or path
        if name in found:
            raise LogdirError(f"the logdir names {name!r} twice: give every folder a name of its own")
        found[name] = os.path.expanduser(path)
    return list(found.items())


_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def _named(part: str) -> tuple[str, str]:
    """Return (name, path) of one part of a spec; the name is "" when there is none.

    A colon names a run unless it follows a slash, belongs to a scheme (gs://) or to a drive (C:\\).
    """
    for sign in ("=", ":"):
        name, found, path = part.partition(sign)
        if found and name and path and "/" not in name and "\\" not in name:
            if sign == ":" and (path.startswith("//") or _DRIVE.match(part)):
                continue
            return name, path
    return "", part
