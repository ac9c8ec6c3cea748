# SPDX-License-Identifier: Apache-2.0
"""A root file tree as plain values, read from a directory, from tars, or from the layers of an OCI image.

This is the tests' own reader, written apart from the product's, so that the two can disagree.
A tree is {path: Node}; paths have no leading slash, the root itself is "".
"""
import gzip
import hashlib
import json
import lzma
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile


class Node:
    """type: file dir symlink char block fifo; links: the other paths of the same hard link set, sorted."""
    __slots__ = ("type", "mode", "uid", "gid", "sha256", "size", "target", "xattrs", "device", "links", "mtime", "body")

    def __init__(self, type_, mode, uid, gid):
        self.type, self.mode, self.uid, self.gid = type_, mode, uid, gid
        self.sha256 = self.target = self.device = self.body = None
        self.size, self.mtime, self.xattrs, self.links = 0, 0, {}, ()

    def facts(self):
        """Everything that the comparison looks at, by the name that it prints."""
        return {"type": self.type, "mode": self.mode, "uid": self.uid, "gid": self.gid, "content": self.sha256,
                "target": self.target, "xattrs": self.xattrs, "device": self.device, "hardlinks": tuple(self.links)}


class BadLayer(Exception):
    """A layer that unpackers do not agree on."""


# Extended attributes that are the host's or the unpacker's, not the image's.
HOST_XATTRS = ("security.selinux", "trusted.overlay.", "user.overlay.", "user.rootlesscontainers",
               "user.containers.", "trusted.")


def wanted_xattr(name):
    return not name.startswith(HOST_XATTRS)


def keeps_body(path):
    """Small texts whose content a rule of the comparer looks into."""
    return path.endswith(".pyc") or path in ("var/lib/dpkg/triggers/File", "lib/apk/db/installed") or path.startswith("var/cache/debconf/")


# ---------------------------------------------------------------- a directory

def read_directory(root):
    tree, inodes = {}, {}
    root = os.fsencode(root.rstrip("/") or "/")
    pending = [b""]
    while pending:
        relative = pending.pop()
        full = os.path.join(root, relative) if relative else root
        info = os.lstat(full)
        path = relative.decode("utf-8", "surrogateescape")
        tree[path] = node = node_of_stat(full, info, path)
        if node.type == "dir":
            pending.extend(os.path.join(relative, name) for name in os.listdir(full))
        elif info.st_nlink > 1:
            inodes.setdefault((info.st_dev, info.st_ino), []).append(path)
    for names in inodes.values():
        set_links(tree, names)
    return tree


def node_of_stat(full, info, path):
    mode = info.st_mode
    kinds = [(stat.S_ISREG, "file"), (stat.S_ISDIR, "dir"), (stat.S_ISLNK, "symlink"), (stat.S_ISCHR, "char"),
             (stat.S_ISBLK, "block"), (stat.S_ISFIFO, "fifo"), (stat.S_ISSOCK, "socket")]
    kind = next(name for test, name in kinds if test(mode))
    node = Node(kind, 0 if kind == "symlink" else stat.S_IMODE(mode), info.st_uid, info.st_gid)
    node.mtime = int(info.st_mtime)
    if kind == "file":
        node.size = info.st_size
        with open(full, "rb") as handle:
            digest_into(node, handle, keeps_body(path))
    elif kind == "symlink":
        node.target = os.fsdecode(os.readlink(full))
    elif kind in ("char", "block"):
        node.device = (os.major(info.st_rdev), os.minor(info.st_rdev))
    for name in os.listxattr(full, follow_symlinks=False):
        if wanted_xattr(name):
            node.xattrs[name] = os.getxattr(full, name, follow_symlinks=False).hex()
    return node


def digest_into(node, handle, keep):
    digest, body = hashlib.sha256(), []
    while chunk := handle.read(1 << 20):
        digest.update(chunk)
        if keep:
            body.append(chunk)
    node.sha256 = digest.hexdigest()
    if keep:
        node.body = b"".join(body)


def set_links(tree, names):
    names = sorted(n for n in names if n in tree)
    for name in names:
        tree[name].links = tuple(n for n in names if n != name)


# ---------------------------------------------------------------- tars and layers

def clean(name):
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if ".." in parts:
        raise BadLayer(f"{name}: leaves the root")
    return "/".join(parts)


def apply_tar(tree, stream, whiteouts, strict=False):
    """Puts the members of a tar over the tree. With strict, refuses what unpackers treat differently."""
    inode_of = {}       # path -> shared list of the names of one file
    for path, node in tree.items():
        if node.links and path not in inode_of:
            names = [path, *node.links]
            inode_of.update({n: names for n in names})
    added, children = set(), None
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as tar:
        for member in tar:
            path = clean(member.name)
            parent, _, base = path.rpartition("/")
            if strict and path in added:
                raise BadLayer(f"{path}: twice in one layer")
            if whiteouts and base.startswith(".wh."):
                if children is None:
                    children = child_lists(tree)
                target = f"{parent}/{base[4:]}" if parent else base[4:]
                if base == ".wh..wh..opq":
                    doomed = [p for p in children.get(parent, ()) if p not in added]
                else:
                    doomed = [target]
                    if strict and target not in tree:
                        raise BadLayer(f"{path}: whiteout of a path that is not there")
                    if strict and target in added:
                        raise BadLayer(f"{path}: whiteout of a path of the same layer")
                for victim in doomed:
                    remove(tree, victim, inode_of, children, added)
                added.add(path)
                continue
            up = parent
            while up:
                below = tree.get(up)
                if below is not None and below.type == "symlink":
                    raise BadLayer(f"{path}: its parent {up} is a symbolic link below")
                if strict and below is not None and below.type == "dir" and up not in added:
                    raise BadLayer(f"{path}: its parent {up} has no entry in the layer")
                up = up.rpartition("/")[0]
            node = node_of_member(tar, member, path, tree, added, strict)
            old = tree.get(path)
            if strict and old is not None and old.type == node.type == "dir":
                if (old.mode, old.uid, old.gid, old.xattrs) != (node.mode, node.uid, node.gid, node.xattrs):
                    raise BadLayer(f"{path}: mode, owner or attributes of a directory differ from below")
            if old is not None and old.type == "dir" and node.type != "dir":
                if children is None:
                    children = child_lists(tree)
                remove(tree, path, inode_of, children, added)
            if path in inode_of:
                inode_of[path].remove(path)
                del inode_of[path]
            tree[path] = node
            added.add(path)
            if children is not None:
                children.setdefault(parent, set()).add(path)
            if member.islnk():
                target = clean(member.linkname)
                names = inode_of.setdefault(target, [target])
                names.append(path)
                inode_of[path] = names
    for node in tree.values():
        node.links = ()
    for names in {id(n): n for n in inode_of.values()}.values():
        set_links(tree, names)
    tree.setdefault("", Node("dir", 0o755, 0, 0))
    return added


def child_lists(tree):
    children = {}
    for path in tree:
        if path:
            children.setdefault(path.rpartition("/")[0], set()).add(path)
    return children


def remove(tree, path, inode_of, children, keep):
    for child in list(children.get(path, ())):
        if child not in keep:
            remove(tree, child, inode_of, children, keep)
    tree.pop(path, None)
    children.get(path.rpartition("/")[0], set()).discard(path)
    if path in inode_of:
        inode_of[path].remove(path)
        del inode_of[path]


def node_of_member(tar, member, path, tree, added, strict):
    if member.islnk():
        target = clean(member.linkname)
        if target not in tree:
            raise BadLayer(f"{path}: hard link to {target}, which is not there")
        if strict and target not in added:
            raise BadLayer(f"{path}: hard link to {target} of a lower layer")
        node, source = Node(tree[target].type, tree[target].mode, tree[target].uid, tree[target].gid), tree[target]
        node.sha256, node.size, node.xattrs, node.body = source.sha256, source.size, source.xattrs, source.body
        node.target, node.mtime = source.target, source.mtime
        return node
    kinds = [(member.isreg(), "file"), (member.isdir(), "dir"), (member.issym(), "symlink"),
             (member.ischr(), "char"), (member.isblk(), "block"), (member.isfifo(), "fifo")]
    kind = next((name for yes, name in kinds if yes), None)
    if kind is None:
        raise BadLayer(f"{path}: member type {member.type!r}")
    node = Node(kind, 0 if kind == "symlink" else member.mode & 0o7777, member.uid, member.gid)
    node.mtime = int(member.mtime)
    if kind == "file":
        node.size = member.size
        digest_into(node, tar.extractfile(member), keeps_body(path))
    elif kind == "symlink":
        node.target = member.linkname
    elif kind in ("char", "block"):
        node.device = (member.devmajor, member.devminor)
    for name, value in member.pax_headers.items():
        if name.startswith("SCHILY.xattr.") and wanted_xattr(name[13:]):
            node.xattrs[name[13:]] = value.encode("utf-8", "surrogateescape").hex()
    return node


def open_compressed(path):
    with open(path, "rb") as handle:
        magic = handle.read(6)
    if magic[:2] == b"\x1f\x8b":
        return gzip.open(path, "rb")
    if magic == b"\xfd7zXZ\x00":
        return lzma.open(path, "rb")
    if magic[:4] == b"\x28\xb5\x2f\xfd":
        plain = tempfile.TemporaryFile()
        subprocess.run(["zstd", "-dcq", path], stdout=plain, check=True)
        plain.seek(0)
        return plain
    return open(path, "rb")


def read_tar(path):
    tree = {}
    with open_compressed(path) as stream:
        apply_tar(tree, stream, whiteouts=False)
    return tree


# ---------------------------------------------------------------- OCI layouts

class Layout:
    """An OCI layout on disk; every blob is checked against its digest when it is read."""

    def __init__(self, directory):
        self.directory = directory
        self.index = json.load(open(os.path.join(directory, "index.json"), encoding="utf-8"))

    def blob_path(self, digest):
        algorithm, _, value = digest.partition(":")
        return os.path.join(self.directory, "blobs", algorithm, value)

    def blob(self, digest):
        data = open(self.blob_path(digest), "rb").read()
        if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
            raise BadLayer(f"{digest}: the blob has other content")
        return data

    def check_blob(self, descriptor):
        digest, size = hashlib.sha256(), 0
        with open(self.blob_path(descriptor["digest"]), "rb") as handle:
            while chunk := handle.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
        if "sha256:" + digest.hexdigest() != descriptor["digest"] or size != descriptor["size"]:
            raise BadLayer(f"{descriptor['digest']}: the blob is not what its descriptor says")

    def descriptor(self, tag=None):
        entries = self.index.get("manifests", [])
        if tag is not None:
            entries = [m for m in entries
                       if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag]
        if len(entries) != 1:
            raise BadLayer(f"{self.directory}: {len(entries)} manifests for tag {tag!r}")
        return entries[0]

    def manifests(self, tag=None):
        """[(platform string, manifest descriptor, manifest)]: one for an image, several for an index."""
        return list(self._expand(self.descriptor(tag)))

    def _expand(self, descriptor):
        document = json.loads(self.blob(descriptor["digest"]))
        if "manifests" in document:
            for child in document["manifests"]:
                yield from self._expand(child)
            return
        platform = descriptor.get("platform")
        if not platform and document.get("config", {}).get("mediaType", "").endswith("image.v1+json"):
            platform = json.loads(self.blob(document["config"]["digest"]))
        platform = platform or {}
        name = "/".join(filter(None, (platform.get("os"), platform.get("architecture"), platform.get("variant"))))
        yield name, descriptor, document

    def config(self, manifest):
        return json.loads(self.blob(manifest["config"]["digest"]))

    def tree(self, tag=None, platform=None, strict_from=None):
        """The merged tree; layers from number strict_from on are held to the rules for layers we write."""
        found = [m for name, _, m in self.manifests(tag) if platform is None or name == platform]
        if len(found) != 1:
            raise BadLayer(f"{len(found)} manifests for platform {platform!r}")
        manifest = found[0]
        diff_ids = self.config(manifest)["rootfs"]["diff_ids"]
        if len(diff_ids) != len(manifest["layers"]):
            raise BadLayer("not as many diff_ids as layers")
        tree = {}
        for number, layer in enumerate(manifest["layers"]):
            self.check_blob(layer)
            strict = strict_from is not None and number >= strict_from
            with Hashing(open_compressed(self.blob_path(layer["digest"]))) as stream:
                try:
                    apply_tar(tree, stream, whiteouts=True, strict=strict)
                except BadLayer as problem:
                    raise BadLayer(f"layer {number}: {problem}") from None
                stream.finish()
                if "sha256:" + stream.digest.hexdigest() != diff_ids[number]:
                    raise BadLayer(f"layer {number}: the content is not diff_id {diff_ids[number]}")
        return tree


class Hashing:
    """Reads a stream and hashes all of it on the way."""

    def __init__(self, handle):
        self.handle, self.digest = handle, hashlib.sha256()

    def read(self, size=-1):
        data = self.handle.read(size)
        self.digest.update(data)
        return data

    def finish(self):
        while self.read(1 << 20):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.close()


def read(location):
    """A tree from DIR, FILE.tar[.gz|.xz|.zst], oci:DIR[:TAG][#PLATFORM] or oci-archive:FILE[:TAG][#PLATFORM]."""
    transport, _, rest = location.partition(":")
    if transport not in ("oci", "oci-archive"):
        return read_directory(location) if os.path.isdir(location) else read_tar(location)
    rest, _, platform = rest.partition("#")
    place, tag = rest, None
    if not os.path.exists(place):
        place, _, tag = rest.rpartition(":")
    if transport == "oci":
        return Layout(place).tree(tag, platform or None)
    scratch = tempfile.mkdtemp(prefix="resole-archive.")
    try:
        with tarfile.open(place) as tar:
            tar.extractall(scratch)
        return Layout(scratch).tree(tag, platform or None)
    finally:
        shutil.rmtree(scratch)
