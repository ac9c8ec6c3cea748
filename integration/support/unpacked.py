# SPDX-License-Identifier: Apache-2.0
"""Debian trees of architectures that this machine does not have, made and upgraded without running anything of them.

The real dpkg installs packages whose maintainer scripts were taken out (data.tar as it is, byte for byte) into a root directory,
so that the database is dpkg's own; the scripts are put into its info/ afterwards. What scripts would have done is missing, but for
what every image has: the users of base-passwd and the dynamic linker's cache (ld_cache.py).

The real apt of this machine, told of another architecture and another root, says which packages are to be fetched.
"""
import gzip
import io
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ld_cache  # noqa: E402

VERSION = 1     # of what a tree made here is: raise it when that changes
SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config")
PLATFORMS = {"amd64": "amd64", "arm64": "arm64", "armhf": "arm/v7", "i386": "386", "ppc64el": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"}
# Directories that a release before trixie merges when it is bootstrapped; base-files ships the links since then.
MERGED = {"amd64": ["lib64"], "i386": ["lib64"], "ppc64el": ["lib64"]}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


# ---------------------------------------------------------------- apt of another architecture

class Apt:
    """apt with a state of its own below `directory`, and the status file of the tree."""

    def __init__(self, directory, arch, found, status=None):
        for part in ("lists/partial", "archives/partial", "preferences.d", "empty"):
            os.makedirs(os.path.join(directory, part), exist_ok=True)
        self.directory = directory
        place = lambda name: os.path.join(directory, name)
        with open(place("sources.list"), "w") as handle:
            handle.writelines(f"deb [signed-by={m['signedBy'] or KEYRING}] {m['uri']} {m['suite']} main\n" for m in found)
        if status is None:
            status = place("status")
            open(status, "w").close()
        self.options = [f"-o{key}={value}" for key, value in {
            "APT::Architecture": arch, "APT::Architectures": arch, "Dir::State::status": status, "Dir::State::lists": place("lists"),
            "Dir::State::extended_states": place("extended_states"), "Dir::Cache::archives": place("archives"), "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "", "Dir::Etc::sourcelist": place("sources.list"), "Dir::Etc::sourceparts": place("empty"),
            "Dir::Etc::preferences": "/dev/null", "Dir::Etc::preferencesparts": place("empty"), "APT::Install-Recommends": "false",
            "Acquire::Languages": "none", "APT::Sandbox::User": "root", "APT::Get::Always-Include-Phased-Updates": "true",
            "Debug::NoLocking": "true"}.items()]

    def run(self, *command):
        done = subprocess.run(["apt-get", "-q", "-y", *self.options, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=600, env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode:
            sys.exit(f"unpacked: apt-get {' '.join(command)}: {done.stdout[-2000:]}")
        return done.stdout

    def fetched(self, *command):
        """The .deb files that a run would install, downloaded."""
        self.run("update")
        self.run("--download-only", *command)
        archives = os.path.join(self.directory, "archives")
        return sorted(os.path.join(archives, name) for name in os.listdir(archives) if name.endswith(".deb"))


# ---------------------------------------------------------------- packages without their scripts

def members(deb):
    """[(name, bytes)] of an ar archive."""
    with open(deb, "rb") as handle:
        data = handle.read()
    assert data.startswith(b"!<arch>\n"), deb
    at, found = 8, []
    while at < len(data):
        header = data[at:at + 60]
        size = int(header[48:58])
        found.append((header[:16].decode().strip().rstrip("/"), data[at + 60:at + 60 + size]))
        at += 60 + size + size % 2
    return found


def write_members(out, parts):
    with open(out, "wb") as handle:
        handle.write(b"!<arch>\n")
        for name, body in parts:
            handle.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2))


def unpacked_member(name, body):
    return {"xz": lzma.decompress, "gz": gzip.decompress, "tar": bytes}[name.rpartition(".")[2]](body)


def without_scripts(deb, out):
    """Writes the package without its scripts; returns {name: (bytes, mode, mtime)} of them, and its control paragraph."""
    scripts, control, parts = {}, "", []
    for name, body in members(deb):
        if name.startswith("control.tar"):
            plain = unpacked_member(name, body)
            kept = io.BytesIO()
            with tarfile.open(fileobj=io.BytesIO(plain)) as old, tarfile.open(fileobj=kept, mode="w", format=tarfile.GNU_FORMAT) as new:
                for member in old:
                    base = member.name.rpartition("/")[2]
                    content = old.extractfile(member).read() if member.isfile() else b""
                    if base in SCRIPTS:
                        scripts[base] = (content, member.mode, member.mtime)
                        continue
                    if base == "control":
                        control = content.decode()
                    new.addfile(member, io.BytesIO(content) if member.isfile() else None)
            name, body = "control.tar", kept.getvalue()
        parts.append((name, body))
    write_members(out, parts)
    return scripts, control


def field(control, name):
    found = re.search(rf"^{name}: *(.*)$", control, re.M | re.I)
    return found[1] if found else ""


def info_name(control):
    """Of the package's files below info/."""
    name = field(control, "Package")
    return f"{name}:{field(control, 'Architecture')}" if field(control, "Multi-Arch") == "same" else name


def dpkg(root, *arguments):
    command = ["dpkg", f"--root={root}", "--force-architecture", "--force-depends", "--force-confold", "--force-unsafe-io", f"--log={os.devnull}", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                          env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode:
        sys.exit(f"unpacked: dpkg failed: {done.stdout[-3000:]}")


def install(root, debs, scratch):
    """dpkg -i of the packages, none of their scripts and none of the installed ones being run; all scripts are in info/ afterwards."""
    info = os.path.join(root, "var/lib/dpkg/info")
    aside = os.path.join(scratch, "installed-scripts")
    shutil.rmtree(aside, ignore_errors=True)
    os.makedirs(aside)
    for name in os.listdir(info):
        if name.rpartition(".")[2] in SCRIPTS:
            shutil.move(os.path.join(info, name), os.path.join(aside, name))
    bare, brought = [], {}
    for deb in debs:
        bare.append(os.path.join(scratch, os.path.basename(deb)))
        scripts, control = without_scripts(deb, bare[-1])
        brought[info_name(control)] = scripts
    dpkg(root, "-i", *bare)
    for path in bare:
        os.unlink(path)
    for name in os.listdir(aside):
        if name.rpartition(".")[0] not in brought:
            shutil.move(os.path.join(aside, name), os.path.join(info, name))
    for package, scripts in brought.items():
        for kind, (content, mode, mtime) in scripts.items():
            path = os.path.join(info, f"{package}.{kind}")
            with open(path, "wb") as handle:
                handle.write(content)
            os.chmod(path, mode & 0o777)
            os.utime(path, (mtime, mtime))
    for name in ("lock", "lock-frontend", "triggers/Lock", "status-old"):
        path = os.path.join(root, "var/lib/dpkg", name)
        if os.path.exists(path):
            os.unlink(path)


# ---------------------------------------------------------------- trees

def skeleton(root, arch, release, debs):
    """What a tree has before its first package: merged directories, an empty database, the users of base-passwd."""
    if release in ("bullseye", "bookworm"):
        for name in ["bin", "sbin", "lib", *MERGED.get(arch, [])]:
            os.makedirs(os.path.join(root, "usr", name), exist_ok=True)
            os.symlink(f"usr/{name}", os.path.join(root, name))
    for name in ("etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/lib/dpkg/parts", "var/lib/dpkg/alternatives"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name in ("status", "available", "diversions", "statoverride"):
        open(os.path.join(root, "var/lib/dpkg", name), "w").close()
    users = next(deb for deb in debs if os.path.basename(deb).startswith("base-passwd_"))
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", users], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for name in ("passwd", "group"):
            with open(os.path.join(root, "etc", name), "wb") as handle:
                handle.write(tar.extractfile(f"./usr/share/base-passwd/{name}.master").read())


def make(arch, release, found, packages, epoch, target, scratch):
    """A tree of the essential packages, apt and `packages`, from one suite, as a tar."""
    root = os.path.join(scratch, "root")
    os.mkdir(root, 0o755)
    debs = Apt(os.path.join(scratch, "apt"), arch, [found]).fetched("install", "?essential", "apt", *packages)
    skeleton(root, arch, release, debs)
    install(root, debs, scratch)
    ld_cache.write(root, arch)
    pack(root, target, epoch)


def pack(root, target, epoch=None):
    clamp = ["--mtime", f"@{epoch}", "--clamp-mtime"] if epoch else []
    subprocess.run(["tar", "-C", root, "--xattrs", "--xattrs-include=*", "--numeric-owner", "--sort=name", *clamp, "-cf", target, "."], check=True)


def extract(tars, root):
    for tar in tars:
        subprocess.run(["tar", "-C", root, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", tar], check=True)
