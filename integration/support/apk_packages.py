# SPDX-License-Identifier: Apache-2.0
"""Packages and indexes of apk-tools 2, made from nothing: gzip members one after the other, a signature, the control part, the data.

Everything but the signature is the same each time, so that what the real apk made of a repository can be recorded."""
import base64
import gzip
import hashlib
import io
import os
import struct
import subprocess
import tarfile
import zlib

EPOCH = 1700000000  # of files, unless they say another time


class File:
    """type: file dir symlink hardlink. `content`: bytes, or where a link points."""

    def __init__(self, path, content=b"", kind="file", mode=None, uid=0, gid=0, user="root", group="root", mtime=EPOCH):
        self.path, self.content, self.kind, self.mtime = path, content, kind, mtime
        self.mode = mode if mode is not None else {"dir": 0o755, "symlink": 0o777}.get(kind, 0o644)
        self.uid, self.gid, self.user, self.group = uid, gid, user, group


class Package:
    def __init__(self, name, version, files=(), arch="x86_64", scripts=None, **fields):
        self.name, self.version, self.arch = name, version, arch
        self.files, self.scripts, self.fields = list(files), scripts or {}, fields
        self.bad = set()  # what is wrong with it: "checksum", "outside", "truncated", "datahash"

    def file_name(self):
        return f"{self.name}-{self.version}.apk"


def gz(data):
    """Stored, not compressed: no version of zlib decides about the checksums of packages, nor a random signature about their size."""
    blocks = [data[at:at + 65535] for at in range(0, len(data), 65535)] or [b""]
    body = b"".join(struct.pack("<BHH", at == len(blocks) - 1, len(block), len(block) ^ 0xffff) + block for at, block in enumerate(blocks))
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xffffffff)


def q1(data):
    return "Q1" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def with_directories(files):
    """Each file behind the directories that it lies in, as abuild orders them."""
    there = {file.path for file in files if file.kind == "dir"}
    every = list(files)
    for file in files:
        parts = file.path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if path not in there:
                there.add(path)
                every.append(File(path, kind="dir"))
    return sorted(every, key=lambda file: file.path.split("/"))


def add_member(tar, file, checksum=None):
    info = tarfile.TarInfo(file.path + ("/" if file.kind == "dir" else ""))
    info.mode, info.uid, info.gid, info.mtime = file.mode, file.uid, file.gid, file.mtime
    info.uname, info.gname = file.user, file.group
    info.type = {"dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE}.get(file.kind, tarfile.REGTYPE)
    data = None
    if file.kind in ("symlink", "hardlink"):
        info.linkname = file.content
    elif file.kind == "file":
        info.size, data = len(file.content), io.BytesIO(file.content)
    if checksum:
        info.pax_headers = {"APK-TOOLS.checksum.SHA1": checksum}
    tar.addfile(info, data)


def data_member(package):
    if not package.files:
        return gz(b"\0" * 1024)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        contents = {}
        for file in with_directories(package.files):
            checksum = None
            if file.kind == "file":
                checksum = contents[file.path] = hashlib.sha1(file.content).hexdigest()
            elif file.kind == "symlink":
                checksum = hashlib.sha1(file.content.encode()).hexdigest()
            elif file.kind == "hardlink":
                checksum = contents[file.content]
            if "checksum" in package.bad and file.kind == "file":
                checksum = "0" * 40
            add_member(tar, file, checksum)
        if "outside" in package.bad:
            add_member(tar, File("../outside", b"x\n"), hashlib.sha1(b"x\n").hexdigest())
    return gz(raw.getvalue())


def control_member(package, datahash):
    fields = {"pkgname": package.name, "pkgver": package.version, "pkgdesc": f"{package.name} of the test", "url": "https://example.org/",
              "builddate": str(EPOCH), "size": str(sum(len(f.content) for f in package.files if f.kind == "file") + (1 if package.files else 0)),
              "arch": package.arch, "license": "MIT", "datahash": datahash}
    fields.update({key: value for key, value in package.fields.items() if not isinstance(value, (list, tuple))})
    if "datahash" in package.bad:
        fields["datahash"] = "0" * 64
    text = "# Made by the test\n" + "".join(f"{key} = {value}\n" for key, value in fields.items() if value != "")
    for key, values in package.fields.items():
        if isinstance(values, (list, tuple)):
            text += "".join(f"{key} = {value}\n" for value in values)
    return gz(cut_tar([(".PKGINFO", text.encode(), 0o644)] + [("." + kind, body.encode(), 0o755) for kind, body in sorted(package.scripts.items())]))


def cut_tar(members):
    """A tar without its end, which lets the next member of the file go on."""
    raw = io.BytesIO()
    tar = tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT)
    for name, content, mode in members:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = len(content), mode, EPOCH
        info.uname = info.gname = "root"
        tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


class Key:
    """An RSA key in files DIR/NAME and DIR/NAME.pub, made when they are not there."""

    def __init__(self, directory, name="alpine-devel@lists.alpinelinux.org-00000001.rsa"):
        self.private, self.public = os.path.join(directory, name), os.path.join(directory, name + ".pub")
        if not os.path.exists(self.private):
            os.makedirs(directory, exist_ok=True)
            subprocess.run(["openssl", "genrsa", "-out", self.private, "2048"], check=True, capture_output=True)
            subprocess.run(["openssl", "rsa", "-in", self.private, "-pubout", "-out", self.public], check=True, capture_output=True)
        self.name = os.path.basename(self.public)

    def sign(self, data, kind="RSA256"):
        digest = {"RSA": "-sha1", "RSA256": "-sha256", "RSA512": "-sha512"}[kind]
        done = subprocess.run(["openssl", "dgst", digest, "-sign", self.private], input=data, check=True, capture_output=True)
        return gz(cut_tar([(f".SIGN.{kind}.{self.name}", done.stdout, 0o644)]))


def build(package, key=None, kind="RSA256"):
    """(bytes of the file, stanza of the index)"""
    data = data_member(package)
    control = control_member(package, hashlib.sha256(data).hexdigest())
    if "truncated" in package.bad:
        control = control[:len(control) // 2]
    whole = (key.sign(control, kind) if key else b"") + control + (b"" if "truncated" in package.bad else data)
    info = {}
    for line in gzip.decompress(control if "truncated" not in package.bad else control_member(package, "0"))[512:].split(b"\0")[0].decode().splitlines():
        if " = " in line:
            name, value = line.split(" = ", 1)
            info.setdefault(name, []).append(value)
    stanza = [f"C:{q1(control)}", f"P:{package.name}", f"V:{package.version}", f"A:{package.arch}", f"S:{len(whole)}"]
    for letter, name in (("I", "size"), ("T", "pkgdesc"), ("U", "url"), ("L", "license"), ("o", "origin"), ("m", "maintainer"), ("t", "builddate"),
                         ("c", "commit"), ("k", "provider_priority"), ("D", "depend"), ("p", "provides"), ("i", "install_if")):
        if name in info:
            stanza.append(f"{letter}:{' '.join(info[name])}")
    return whole, "\n".join(stanza) + "\n"


def publish(directory, packages, key, arch="x86_64", kind="RSA256", description="v3.20.3-1-g0000000", package_kind=None, mtime=EPOCH):
    """DIR/ARCH/*.apk and the index. `key` None: unsigned."""
    place = os.path.join(directory, arch)
    os.makedirs(place, exist_ok=True)
    stanzas = []
    for package in packages:
        whole, stanza = build(package, key, package_kind or kind)
        with open(os.path.join(place, package.file_name()), "wb") as out:
            out.write(whole)
        stanzas.append(stanza)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("DESCRIPTION", description.encode()), ("APKINDEX", ("\n".join(stanzas) + "\n").encode())):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), mtime
            tar.addfile(info, io.BytesIO(content))
    index = gzip.compress(raw.getvalue(), 6, mtime=0)
    with open(os.path.join(place, "APKINDEX.tar.gz"), "wb") as out:
        out.write((key.sign(index, kind) if key else b"") + index)
