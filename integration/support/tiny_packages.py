# SPDX-License-Identifier: Apache-2.0
"""The packages of the small archive, each at three levels: 1 is what images hold, 2 and 3 are fixes.

Each package is one or two of dpkg's rules; `dpkg --root` is the oracle for what an upgrade makes of them.
"""
from debs import File, bomb, make_deb

VERSIONS = {1: "1.0-1", 2: "1.0-1+deb12u1", 3: "1.0-1+deb12u2"}
SCRIPT = "#!/bin/sh\nset -e\n# {0}\nexit 0\n"


def fields(name, level, arch, source=None, **more):
    out = {"Package": name}
    if source:
        out["Source"] = source
    out.update({"Version": VERSIONS[level], "Architecture": arch, "Maintainer": "Tests <tests@archive.test>",
                "Installed-Size": "12"})
    out.update({key.replace("_", "-"): value for key, value in more.items()})
    out.update({"Section": "misc", "Priority": "optional", "Description": f"{name} of the tests\n Nobody needs it."})
    return out


def demo_lib(level, arch):
    """A library: its file name changes (the old one is removed), and it ships below /lib, which is a link."""
    version = f"1.{level}"
    return make_deb(fields("demo-lib", level, arch, "demo", Multi_Arch="same"), [
        File("./lib/demo/plugin", f"plugin {level}\n"),
        File(f"./usr/lib/libdemo.so.{version}", f"not really elf {level}\n"),
        File("./usr/lib/libdemo.so.1", link=f"libdemo.so.{version}"),
        File("./usr/share/doc/demo-lib/copyright", "free\n"),
        *([File("./usr/share/demo-lib/old/only-in-1", "x\n")] if level == 1 else []),
    ])


def demo_tools(level, arch):
    """Moves with demo-lib, to the letter of its version; hard links, a setuid program, a directory with an owner."""
    return make_deb(fields("demo-tools", level, arch, "demo", Depends=f"demo-lib (= {VERSIONS[level]})"), [
        File("./usr/bin/demo", f"#!/bin/sh\necho demo {level}\n", mode=0o755),
        File("./usr/bin/demo-also", same_as="./usr/bin/demo", mode=0o755),
        File("./usr/bin/demo-root", f"root {level}\n", mode=0o4755),
        File("./usr/bin/demo-capable", f"capable {level}\n", mode=0o755),
        File("./usr/share/demo/same", "the same at every level\n"),
        File("./var/lib/demo/", mode=0o2775, uid=77, gid=77, owner="www-data", group="www-data"),
        File("./var/lib/demo/state", f"state {level}\n", mode=0o640, uid=77, gid=77, owner="www-data", group="www-data"),
        File("./var/lock/", mode=0o755),
    ])


def sample_conf(level, arch):
    """Conffiles: replaced, kept by the user, deleted by the user, obsolete, new."""
    names = ["/etc/sample/untouched.conf", "/etc/sample/edited.conf", "/etc/sample/deleted.conf",
             "/etc/sample/obsolete.conf" if level == 1 else "/etc/sample/added.conf"]
    return make_deb(fields("sample-conf", level, "all"),
                    [File("." + name, f"setting = {level}\n") for name in names], conffiles=names)


def scripted(level, arch):
    """Its script is the same at every level."""
    return make_deb(fields("scripted", level, "all"), [File("./usr/share/scripted/data", f"{level}\n")],
                    scripts={"postinst": SCRIPT.format("always the same"), "triggers": "activate-noawait demo-trigger\n"})


def changing(level, arch):
    """Its script is another one at every level, and nothing knows it."""
    return make_deb(fields("changing", level, "all"), [File("./usr/share/changing/data", f"{level}\n")],
                    scripts={"postinst": SCRIPT.format(f"a command that is another one:\n: changed-{level}")})


def settled(level, arch):
    """Has no fix."""
    return make_deb(fields("settled", level, "all"), [File("./usr/share/settled/data", "1\n")])


def shapes(level, arch):
    """Directories, links and files that trade places."""
    files = {1: [File("./usr/share/shapes/a-dir/inside", "1\n"), File("./usr/share/shapes/b-file", "1\n"),
                 File("./usr/share/shapes/c-link", link="b-file"), File("./usr/share/shapes/user-dir/mine", "1\n"),
                 File("./usr/share/shapes/name with space", "1\n"), File("./usr/share/shapes/ünïcode", "1\n")],
             2: [File("./usr/share/shapes/b-file", "1\n"), File("./usr/share/shapes/c-link", "now a file\n"),
                 File("./usr/share/shapes/d-new/deep/er/file", "2\n"), File("./usr/share/shapes/name with space", "2\n"),
                 File("./usr/share/shapes/ünïcode", "2\n")]}
    return make_deb(fields("shapes", level, "all"), files[min(level, 2)])


PACKAGES = {p.__name__.replace("_", "-"): p
            for p in (demo_lib, demo_tools, sample_conf, scripted, changing, settled, shapes)}


def evil(kind, arch):
    """demo-lib at level 2, hostile."""
    base = fields("demo-lib", 2, arch, "demo", Multi_Arch="same")
    files = {
        "traversal": [File("./usr/lib/ok", "x"), File("./usr/../../../../../../tmp/resole-escaped", "escaped\n")],
        "absolute": [File("/tmp/resole-escaped", "escaped\n")],
        "through-link": [File("./usr/share/out", link="/tmp"), File("./usr/share/out/resole-escaped", "escaped\n")],
        "hardlink": [File("./usr/share/stolen", same_as="../../../../../../etc/passwd")],
        "wrong-name": None, "wrong-arch": None, "wrong-version": None, "huge-script": None, "nul-script": None, "control-bomb": None,
        "bomb": None, "truncated": [File("./usr/lib/libdemo.so.1.2", "x" * 4096)],
    }[kind]
    if kind == "bomb":
        return make_deb(base, [], data=bomb(64))
    plain = [File("./usr/lib/libdemo.so.1.2", "x")]
    if kind in ("wrong-name", "wrong-arch", "wrong-version"):
        lie = {"wrong-name": {"Package": "demo-other"}, "wrong-arch": {"Architecture": "s390x"}, "wrong-version": {"Version": "0.1"}}[kind]
        return make_deb({**base, **lie}, plain)
    if kind == "huge-script":
        return make_deb(base, plain, scripts={"postinst": "#!/bin/sh\n" + "#" * (100 << 20)})
    if kind == "nul-script":
        return make_deb(base, plain, scripts={"postinst": "#!/bin/sh\nexit 0\n\0\0\0rm -rf /\n"})
    if kind == "control-bomb":
        return make_deb(base, plain, control=bomb(8, "./md5sums"))
    if kind in ("traversal", "absolute", "hardlink"):   # as they are, without parents made for them
        import lzma
        from debs import make_tar
        return make_deb(base, [], data=lzma.compress(make_tar([File("./"), *files]), preset=1))
    data = make_deb(base, files)
    return data[:len(data) // 2] if kind == "truncated" else data
