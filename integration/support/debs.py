# SPDX-License-Identifier: Apache-2.0
"""Small .deb files, honest and hostile, from plain values. `dpkg-deb` reads the honest ones (small-archive.bats)."""
import hashlib
import io
import lzma
import tarfile

TIME = 1767225600   # of every member: nothing here depends on when it runs


class File:
    """One member of data.tar: a directory (name ends in /), a file, a symlink (link=) or a hard link (same_as=)."""

    def __init__(self, name, body="", mode=None, uid=0, gid=0, link=None, same_as=None, owner="root", group="root"):
        self.name, self.body, self.link, self.same_as = name, body, link, same_as
        self.mode = mode if mode is not None else (0o755 if name.endswith("/") else 0o644)
        self.uid, self.gid, self.owner, self.group = uid, gid, owner, group

    def add(self, tar):
        info = tarfile.TarInfo(self.name.rstrip("/"))
        info.mtime, info.mode, info.uid, info.gid = TIME, self.mode, self.uid, self.gid
        info.uname, info.gname = self.owner, self.group
        data = b""
        if self.name.endswith("/"):
            info.type = tarfile.DIRTYPE
        elif self.link is not None:
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, self.link, 0o777
        elif self.same_as is not None:
            info.type, info.linkname = tarfile.LNKTYPE, self.same_as
        else:
            data = self.body.encode() if isinstance(self.body, str) else self.body
            info.size = len(data)
        tar.addfile(info, io.BytesIO(data))


def make_tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in files:
            file.add(tar)
    return out.getvalue()


def with_parents(files):
    """As dpkg-deb: every directory before what is in it, starting with ./"""
    out, known = [File("./")], {"./"}
    for file in files:
        if file.name.endswith("/"):
            known.add(file.name)
        parts = file.name.rstrip("/").split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            directory = "/".join(parts[:depth]) + "/"
            if directory not in known:
                known.add(directory)
                out.append(File(directory))
        out.append(file)
    return out


def ar(members):
    out = io.BytesIO()
    out.write(b"!<arch>\n")
    for name, data in members:
        out.write(f"{name:<16}{TIME:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        out.write(data)
        if len(data) % 2:
            out.write(b"\n")
    return out.getvalue()


def md5sums(files):
    lines, bodies = [], {}
    for file in files:
        if file.name.endswith("/") or file.link is not None:
            continue
        body = bodies.get(file.same_as, file.body) if file.same_as else file.body
        bodies[file.name] = body
        data = body.encode() if isinstance(body, str) else body
        lines.append(f"{hashlib.md5(data).hexdigest()}  {file.name[2:]}\n")
    return "".join(sorted(lines, key=lambda line: line[34:]))


def control_text(fields):
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def make_deb(fields, files, scripts=None, conffiles=(), data=None, control=None):
    """The bytes of a .deb. data, control: a ready data.tar.xz, control.tar.xz instead of one made from the rest."""
    files = with_parents(files)
    parts = [File("./"), File("./control", control_text(fields))]
    if conffiles:
        parts.append(File("./conffiles", "".join(f"{name}\n" for name in conffiles)))
    # As debhelper: conffiles have their sums in the status file, not in md5sums.
    sums = md5sums([f for f in files if f.name[1:] not in conffiles])
    if sums:
        parts.append(File("./md5sums", sums))
    for name, text in sorted((scripts or {}).items()):
        parts.append(File(f"./{name}", text, mode=0o755 if name != "triggers" else 0o644))
    return ar([("debian-binary", b"2.0\n"),
               ("control.tar.xz", control if control is not None else lzma.compress(make_tar(parts), preset=1)),
               ("data.tar.xz", data if data is not None else lzma.compress(make_tar(files), preset=1))])


def bomb(gigabytes, path="./usr/share/bomb"):
    """A .tar.xz of one file of zeros: small streams, one after the other, as xz allows."""
    name = tarfile.TarInfo(path)
    name.size, name.mtime = gigabytes << 30, TIME
    header = make_tar([File("./")])[:512] + name.tobuf(tarfile.GNU_FORMAT)
    block = lzma.compress(bytes(64 << 20), preset=1)
    return lzma.compress(header, preset=1) + block * (gigabytes * 16) + lzma.compress(bytes(1024), preset=1)
