# SPDX-License-Identifier: Apache-2.0
"""The directory where base trees and recorded apt runs wait for the next run of the tests.

An entry is a directory named by a key over everything that went into it. It is made in a temporary
directory beside it, under a lock, and renamed when it is complete: a killed run leaves no half entry.
"""
import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile


def directory():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "resole-tests")
    path = os.environ.get("RESOLE_TEST_CACHE") or default
    os.makedirs(path, mode=0o755, exist_ok=True)
    return path


def key(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:24]


def file_hash(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


@contextlib.contextmanager
def lock(name):
    path = os.path.join(directory(), f".{name}.lock")
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def entry(kind, entry_key, make, keep=4):
    """The directory of this key; make(directory) fills it when it does not exist yet."""
    name = f"{kind}-{entry_key}"
    final = os.path.join(directory(), name)
    with lock(name):
        if os.path.isdir(final):
            os.utime(final)
            return final
        work = tempfile.mkdtemp(prefix=f".{name}.", dir=directory())
        try:
            make(work)
            os.chmod(work, 0o755)
            os.rename(work, final)
        finally:
            if os.path.isdir(work):
                shutil.rmtree(work, ignore_errors=True)
    forget_oldest(kind, keep)
    return final


def forget_oldest(kind, keep):
    """The archive moves on: entries that nobody used for longest go first."""
    entries = [os.path.join(directory(), n) for n in os.listdir(directory()) if n.startswith(kind + "-")]
    for path in sorted(entries, key=os.path.getmtime, reverse=True)[keep:]:
        shutil.rmtree(path, ignore_errors=True)
