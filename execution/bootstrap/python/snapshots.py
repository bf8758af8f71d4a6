"""snapshot_restore_py, and what it is for: functions to run before a snapshot is
taken and after it is restored. lamgate takes none, and asks for the restore at
once."""

import sys

before, after = [], []


def spec(name):
    from importlib.util import spec_from_loader

    return spec_from_loader(name, Loader())


class Loader:
    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.register_before_snapshot, module.register_after_restore = register(before), register(after)
        module.get_before_snapshot, module.get_after_restore = lambda: before, lambda: after


def register(hooks):
    def add(func, *args, **kwargs):
        hooks.append((func, args, kwargs))
        return func

    return add


def run(connection, give_up):
    # The function may have brought a module of its own.
    module = sys.modules.get("snapshot_restore_py")
    first, then = (module.get_before_snapshot(), module.get_after_restore()) if module else (before, after)
    try:
        while first:  # AWS: the last one first
            func, args, kwargs = first.pop()
            func(*args, **kwargs)
        connection.get(b"/2018-06-01/runtime/restore/next")
    except BaseException as e:
        give_up(connection, b"init/error", e, "Runtime.BeforeSnapshotError", 64)
    try:
        for func, args, kwargs in then:
            func(*args, **kwargs)
    except BaseException as e:
        give_up(connection, b"restore/error", e, "Runtime.AfterRestoreError", 65)
