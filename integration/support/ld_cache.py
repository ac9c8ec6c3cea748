#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dynamic linker's cache of a root tree of any architecture, written apart from the product's writer so that the two can disagree.

    ld_cache.py ROOT ARCH            writes ROOT/etc/ld.so.cache as the ldconfig of ARCH (glibc 2.33 and later) would
    ld_cache.py --list FILE          prints byte order, generator and entries of a cache

Where qemu-user is at hand arches.bats compares what this writes with the tree's own ldconfig, byte for byte.
Sources: glibc elf/ldconfig.c, elf/cache.c, elf/stringtable.c, elf/dl-cache.c.
"""
import functools
import glob
import os
import re
import struct
import sys

MAGIC = b"glibc-ld.so.cache1.1"
EXTENSION = 0xEAA42174
# Debian's architecture: (triplet, byte order, ELF class, e_machine, flags of the cache's entries)
ARCHES = {
    "amd64": ("x86_64-linux-gnu", "<", 2, 62, 0x303),
    "i386": ("i386-linux-gnu", "<", 1, 3, 3),
    "arm64": ("aarch64-linux-gnu", "<", 2, 183, 0xA03),
    "armhf": ("arm-linux-gnueabihf", "<", 1, 40, 0x903),
    "ppc64el": ("powerpc64le-linux-gnu", "<", 2, 21, 0x503),
    "riscv64": ("riscv64-linux-gnu", "<", 2, 243, 0x1003),
    "s390x": ("s390x-linux-gnu", ">", 2, 22, 0x403),
}


class Root:
    """Paths of a tree whose absolute links start at its own root."""

    def __init__(self, directory):
        self.directory = os.path.realpath(directory)

    def real(self, path, depth=0):
        """The path inside the tree without any link, or None when it leads nowhere."""
        done = ""
        parts = [p for p in path.split("/") if p]
        while parts:
            part = parts.pop(0)
            if part in (".", ".."):
                done = os.path.dirname(done) if part == ".." else done
                continue
            here = f"{done}/{part}"
            full = self.directory + here
            if os.path.islink(full):
                if depth > 40:
                    return None
                depth += 1
                target = os.readlink(full)
                parts = [p for p in target.split("/") if p] + parts
                done = "" if target.startswith("/") else done
            elif os.path.exists(full):
                done = here
            else:
                return None
        return done or "/"


def elf_of(path):
    """(class, byte order, type, machine, e_flags, soname, needed) of an ELF file, or None."""
    with open(path, "rb") as handle:
        data = handle.read()
    if data[:4] != b"\x7fELF" or len(data) < 64:
        return None
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    kind, machine = struct.unpack_from(order + "HH", data, 16)
    head = struct.unpack_from(order + ("QQQIHHH" if wide else "IIIIHHH"), data, 24)
    table, flags, entry, count = head[1], head[3], head[5], head[6]
    loads, dynamic = [], None
    for number in range(count):
        at = table + number * entry
        if wide:
            what, _, offset, address, _, size = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            what, offset, address, _, size = struct.unpack_from(order + "IIIII", data, at)
        if what == 1:
            loads.append((address, offset, size))
        elif what == 2:
            dynamic = (offset, size)
    soname, needed = "", []
    if dynamic:
        tags = []
        step = struct.calcsize(order + ("QQ" if wide else "II"))
        for at in range(dynamic[0], dynamic[0] + dynamic[1], step):
            tag, value = struct.unpack_from(order + ("QQ" if wide else "II"), data, at)
            if tag == 0:
                break
            tags.append((tag, value))
        address = dict(tags).get(5)
        strings = next((o + address - a for a, o, s in loads if address is not None and a <= address < a + s), None)
        if strings is not None:
            names = [(tag, data[strings + value:data.index(b"\0", strings + value)].decode()) for tag, value in tags if tag in (1, 14)]
            soname = next((name for tag, name in names if tag == 14), "")
            needed = [name for tag, name in names if tag == 1]
    return data[4], order, kind, machine, flags, soname, needed


def name_order(a, b):
    """_dl_cache_libcmp: digits compare as numbers, and a digit comes after everything else."""
    left, right = re.findall(rb"\d+|\D", a.encode()), re.findall(rb"\d+|\D", b.encode())
    for x, y in zip(left, right):
        if x.isdigit() != y.isdigit():
            return 1 if x.isdigit() else -1
        if x.isdigit():
            if int(x) != int(y):
                return 1 if int(x) > int(y) else -1
        elif x != y:
            return 1 if x > y else -1
    if len(left) != len(right):
        return 1 if len(left) > len(right) else -1
    return 0


def configured(root, path, depth=0):
    """The directories that ld.so.conf names, in order."""
    real = root.real(path)
    if real is None or depth > 10 or not os.path.isfile(root.directory + real):
        return
    for line in open(root.directory + real, encoding="utf-8"):
        words = line.split("#", 1)[0].split()
        if words[:1] == ["include"]:
            for pattern in words[1:]:
                pattern = pattern if pattern.startswith("/") else os.path.join(os.path.dirname(path), pattern)
                for found in sorted(glob.glob(root.directory + pattern)):
                    yield from configured(root, found[len(root.directory):], depth + 1)
        elif words and words[0] != "hwcap":
            yield words[0].rstrip("/")


def directories(root, arch):
    triplet = ARCHES[arch][0]
    seen = set()
    for path in [*configured(root, "/etc/ld.so.conf"), f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib", "/usr/lib"]:
        real = root.real(path)
        if real and real not in seen and os.path.isdir(root.directory + real):
            seen.add(real)
            yield path, real


def flags_of(elf, arch):
    if arch == "i386" and elf[3] == 3:      # without libc among its needs it counts as any ELF file
        return 3 if {"libc.so.6", "libm.so.6"} & {elf[5], *elf[6]} else 1
    return next((entry[4] for entry in ARCHES.values() if (entry[2], entry[3]) == (elf[0], elf[3])), 3)


def libraries(root, arch):
    """[(key, path, flags)] in the order of the cache."""
    found = []
    for spelled, real in directories(root, arch):
        best = {}
        for name in os.listdir(root.directory + real):
            named = name.startswith(("lib", "ld-")) and ".so" in name or name.startswith(("ld.so.", "ld64.so."))
            if not named or name.endswith((".dpkg-new", ".dpkg-tmp")):
                continue
            target = root.real(f"{real}/{name}")
            if target is None or not os.path.isfile(root.directory + target):
                continue
            elf = elf_of(root.directory + target)
            if elf is None or elf[2] != 3:
                continue
            soname = elf[5] or name
            link = os.path.islink(f"{root.directory}{real}/{name}")
            if link and name != soname and not (name.endswith(".so") and soname.startswith(name)):
                link = False
            key = name if link else soname
            old = best.get(key)
            if old is None or (old[1] and not link) or (old[1] == link and name_order(old[0], name) < 0):
                best[key] = (name, link, flags_of(elf, arch))
        found.extend((key, f"{spelled}/{key}", flags) for key, (_, _, flags) in best.items())
    return sorted(found, key=functools.cmp_to_key(lambda a, b: name_order(b[0], a[0]) or b[2] - a[2]))


def written(entries, generator, order):
    strings, table, offsets = sorted({text for key, path, _ in entries for text in (key, path)}, key=lambda t: t[::-1], reverse=True), b"", {}
    previous = ""
    for text in strings:
        if previous.endswith(text):
            offsets[text] = offsets[previous] + len(previous) - len(text)
        else:
            offsets[text] = len(table)
            table += text.encode() + b"\0"
        previous = text
    start = 48 + 24 * len(entries)
    extension = (start + len(table) + 3) // 4 * 4
    out = MAGIC + struct.pack(order + "IIB3xI12x", len(entries), len(table), 2 if order == "<" else 3, extension)
    for key, path, flags in entries:
        out += struct.pack(order + "iIIIQ", flags, start + offsets[key], start + offsets[path], 0, 0)
    out = (out + table).ljust(extension, b"\0")
    return out + struct.pack(order + "IIIIII", EXTENSION, 1, 0, 0, extension + 24, len(generator)) + generator


def parsed(data):
    """(byte order, generator, [(key, path, flags)])"""
    assert data.startswith(MAGIC), "not a cache of glibc 2.33 or later"
    order = {2: "<", 3: ">"}[data[28] & 3]
    count, _, extension = struct.unpack_from(order + "II4xI", data, 20)
    text = lambda at: data[at:data.index(b"\0", at)].decode()
    entries = []
    for number in range(count):
        flags, key, path, _, _ = struct.unpack_from(order + "iIIIQ", data, 48 + 24 * number)
        entries.append((text(key), text(path), flags))
    magic, sections = struct.unpack_from(order + "II", data, extension)
    assert magic == EXTENSION, "no extension"
    generator = b""
    for number in range(sections):
        tag, _, offset, size = struct.unpack_from(order + "IIII", data, extension + 8 + 16 * number)
        if tag == 0:
            generator = data[offset:offset + size]
    return order, generator, entries


def generator_in(root):
    """How the tree's own ldconfig signs: a text in the program."""
    with open(root.directory + root.real("/sbin/ldconfig"), "rb") as handle:
        return re.search(rb"ldconfig \([^)\0]*\) (?:stable|development) release version [0-9.]+", handle.read())[0]


def write(directory, arch):
    root = Root(directory)
    data = written(libraries(root, arch), generator_in(root), ARCHES[arch][1])
    with open(os.path.join(directory, "etc/ld.so.cache"), "wb") as handle:
        handle.write(data)
    os.chmod(os.path.join(directory, "etc/ld.so.cache"), 0o644)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--list"]:
        byte_order, made_by, rows = parsed(open(sys.argv[2], "rb").read())
        print("little" if byte_order == "<" else "big", made_by.decode(), sep="\t")
        for row in rows:
            print(row[0], row[1], f"{row[2]:#x}", sep="\t")
    else:
        write(*sys.argv[1:])
