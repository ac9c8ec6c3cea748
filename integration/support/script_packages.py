# SPDX-License-Identifier: Apache-2.0
"""Packages whose maintainer scripts really do something, at two levels each: every script is another one at level 2, so that
no rule covers it, but for `watcher`, whose scripts stay. They are installed over a real Debian tree, which has a shell, perl,
debconf, adduser and dpkg.
"""
from debs import File, make_deb
from tiny_packages import VERSIONS, fields

START = "#!/bin/sh\nset -e\n# level {level}\n"


def script(level, text):
    return START.format(level=level) + text.replace("@LEVEL@", str(level)) + "exit 0\n"


def script_writes(level, arch):
    """Files written, replaced, edited in place, removed, linked; modes and directories."""
    return make_deb(fields("script-writes", level, "all"), [
        File("./usr/share/script-writes/data", f"{level}\n"),
        File("./usr/share/script-writes/tool", f"#!/bin/sh\necho {level}\n", mode=0o755),
        File("./var/lib/script-writes/keep/", mode=0o750),
        *([File("./usr/share/script-writes/only-1", "1\n")] if level == 1 else []),
    ], scripts={"postinst": script(level, """
case $1 in configure)
    mkdir -p /var/lib/script-writes/made/deep
    echo "level @LEVEL@ after $2" >> /var/lib/script-writes/state
    echo fresh > /var/lib/script-writes/made/level-@LEVEL@
    rm -f /var/lib/script-writes/made/level-1x
    ln -sfn level-@LEVEL@ /var/lib/script-writes/made/current
    ln -f /var/lib/script-writes/made/level-@LEVEL@ /var/lib/script-writes/made/second-name
    cp /usr/share/script-writes/data /var/lib/script-writes/copy
    chmod 0640 /var/lib/script-writes/copy
    chmod 2755 /usr/share/script-writes/tool
    sed -i 's/^# level of script-writes:.*//' /etc/bash.bashrc
    echo '# level of script-writes: @LEVEL@' >> /etc/bash.bashrc
    echo log >> /var/log/script-writes.log
    echo tmp > /tmp/script-writes-@LEVEL@
    test ! -e /usr/share/script-writes/only-1 || test @LEVEL@ = 1
    mkfifo -m 600 /var/lib/script-writes/made/fifo 2>/dev/null || true
;; esac
"""), "prerm": script(level, "rm -f /var/lib/script-writes/made/fifo\n")})


def script_owners(level, arch):
    """chown in its forms; owners of what the package ships, of what the script makes, and of what it replaces."""
    return make_deb(fields("script-owners", level, "all"), [
        File("./usr/bin/script-owners", f"#!/bin/sh\n# {level}\n", mode=0o755),
        File("./var/lib/script-owners/shipped", f"{level}\n", uid=33, gid=33, owner="www-data", group="www-data", mode=0o660),
        File("./var/lib/script-owners/shared/", mode=0o2775, gid=8, group="mail"),
    ], scripts={"postinst": script(level, """
case $1 in configure)
    cd /var/lib/script-owners
    echo @LEVEL@ > state && chown www-data:adm state && chmod 640 state
    mkdir -p own/deep && echo @LEVEL@ > own/deep/file && chown -R games:games own
    ln -sfn state link && chown -h mail link
    install -o backup -g backup -m 600 state installed
    chown root:mail /usr/bin/script-owners && chmod 2755 /usr/bin/script-owners
    echo @LEVEL@ > shared/file-@LEVEL@
    sed -i s/1/@LEVEL@/ state
    cp -p state copied
    chmod 4755 /usr/bin/script-owners && chgrp mail /usr/bin/script-owners
    chown --reference=shipped shared/file-@LEVEL@
;; esac
""")})


def script_order(level, arch):
    """Each script notes when it came, with what, and what it saw."""
    note = """
{ echo "$(basename $0 | sed s/.*[.]//) of level @LEVEL@: $*"
  env | grep ^DPKG_ | grep -v ^DPKG_FORCE | sort
  pwd; id -u; umask
  cat /usr/share/script-order/data
  echo "$DEBIAN_FRONTEND" ; } >> /var/lib/script-order.log
"""
    return make_deb(fields("script-order", level, "all"), [File("./usr/share/script-order/data", f"data {level}\n")],
                    scripts={name: script(level, note if name != "preinst" else note.replace("  cat /usr/share/script-order/data\n", "")) for name in ("preinst", "postinst", "prerm", "postrm")})


def script_alternatives(level, arch):
    return make_deb(fields("script-alternatives", level, "all"), [File(f"./usr/bin/alternative-{level}", f"#!/bin/sh\necho {level}\n", mode=0o755)],
                    scripts={"postinst": script(level, "update-alternatives --install /usr/bin/an-alternative an-alternative /usr/bin/alternative-@LEVEL@ @LEVEL@0\n"),
                             "prerm": script(level, "update-alternatives --remove an-alternative /usr/bin/alternative-@LEVEL@\n")})


TEMPLATES = """Template: script-debconf/word
Type: string
Default: word {level}
Description: A word
 Which word?
"""


def script_debconf(level, arch):
    """Asks, and writes the answer."""
    return make_deb(fields("script-debconf", level, "all", Depends="debconf"), [File("./usr/share/script-debconf/data", f"{level}\n")], scripts={
        "templates": TEMPLATES.format(level=level) if level == 1 else TEMPLATES.format(level=level) + "\nTemplate: script-debconf/more\nType: boolean\nDefault: true\nDescription: More?\n Really?\n",
        "config": script(level, ". /usr/share/debconf/confmodule\ndb_input medium script-debconf/word || true\ndb_go || true\n"),
        "postinst": script(level, """. /usr/share/debconf/confmodule
db_get script-debconf/word
echo "$RET at level @LEVEL@" > /etc/script-debconf
test @LEVEL@ = 1 || { db_get script-debconf/more; echo "$RET" >> /etc/script-debconf; }
db_stop
""")})


def script_conffiles(level, arch):
    """A conffile that moves, one that goes, one that stays; the helper of dpkg in all four scripts."""
    names = ["/etc/script-conffiles/old-name", "/etc/script-conffiles/leaving", "/etc/script-conffiles/staying"] if level == 1 else \
        ["/etc/script-conffiles/new-name", "/etc/script-conffiles/staying"]
    helper = f"""
dpkg-maintscript-helper mv_conffile /etc/script-conffiles/old-name /etc/script-conffiles/new-name {VERSIONS[2]}~ script-conffiles -- "$@"
dpkg-maintscript-helper rm_conffile /etc/script-conffiles/leaving {VERSIONS[2]}~ script-conffiles -- "$@"
""" if level > 1 else ""
    return make_deb(fields("script-conffiles", level, "all"), [File("." + name, f"{name} of {level if 'staying' in name else 1}\n") for name in names],
                    conffiles=names, scripts={name: script(level, helper) for name in ("preinst", "postinst", "postrm")})


def script_diverts(level, arch):
    """Takes the place of a file of another package."""
    return make_deb(fields("script-diverts", level, "all"), [File("./usr/bin/diverting", f"{level}\n", mode=0o755)] + ([File("./usr/bin/which-of-these", "mine\n", mode=0o755)] if level > 1 else []),
                    scripts={"preinst": script(level, "dpkg-divert --package script-diverts --add --rename --divert /usr/bin/which-of-these.theirs /usr/bin/which-of-these\n" if level > 1 else "")})


def script_diverted(level, arch):
    """Whose file that is. No scripts."""
    return make_deb(fields("script-diverted", level, "all"), [File("./usr/bin/which-of-these", f"theirs {level}\n", mode=0o755), File("./usr/share/script-diverted/data", f"{level}\n")])


def script_users(level, arch):
    """Makes users at level 2."""
    return make_deb(fields("script-users", level, "all", Depends="adduser"), [File("./usr/share/script-users/data", f"{level}\n")],
                    scripts={"postinst": script(level, """
case $1 in configure)
    addgroup --system --quiet script-group
    adduser --system --quiet --home /var/lib/script-users --ingroup script-group script-user
    adduser --quiet script-user mail
    chown script-user:script-group /usr/share/script-users/data
;; esac
""" if level > 1 else "")})


def watcher(level, arch):
    """Its script is the same at both levels; it hears of files and of a named trigger."""
    return make_deb(fields("watcher", 1, "all"), [File("./usr/share/watched/own", "1\n")], scripts={
        "postinst": START.format(level="any") + 'echo "$*" >> /var/lib/watcher.log\nexit 0\n',
        "triggers": "interest-noawait /usr/share/watched\ninterest named-trigger\ninterest-await /usr/share/never\n"})


def script_triggers(level, arch):
    """Sets off both triggers of the watcher, by a file and by name."""
    return make_deb(fields("script-triggers", level, "all"), [File(f"./usr/share/watched/file-{level}", f"{level}\n")],
                    scripts={"postinst": script(level, "dpkg-trigger named-trigger\n")})


def hostile(level, arch, text=""):
    return make_deb(fields("hostile", level, "all"), [File("./usr/share/hostile/data", f"{level}\n")], scripts={"postinst": script(level, text + "\n")})


PACKAGES = {p.__name__.replace("_", "-"): p
            for p in (script_writes, script_owners, script_order, script_alternatives, script_debconf, script_conffiles, script_diverts, script_diverted,
                      script_users, watcher, script_triggers, hostile)}
