# SPDX-License-Identifier: Apache-2.0
# The comparer that every other proof leans on: it sees each kind of difference, and forgives only what it names.

load support/lib

setup() {
    A=$BATS_TEST_TMPDIR/a B=$BATS_TEST_TMPDIR/b
    mkdir -p "$A/usr/bin" "$A/etc" "$A/var/lib/dpkg/triggers" "$A/usr/lib/python3/__pycache__"
    echo one >"$A/usr/bin/tool"
    echo two >"$A/etc/config"
    ln -s config "$A/etc/link"
    echo linked >"$A/usr/bin/first"
    ln "$A/usr/bin/first" "$A/usr/bin/second"
    printf '/usr/lib ldconfig\n/etc/x y\n' >"$A/var/lib/dpkg/triggers/File"
    printf 'MAGCflagTIMEsize-and-body' >"$A/usr/lib/python3/__pycache__/m.cpython-311.pyc"
    cp -a "$A" "$B"
}

compare() { run "$SUPPORT/compare-trees" "$@" "$A" "$B"; }

differs_in() {  # differs_in WHAT PATH: exit 1 and a row that names both
    compare
    [ "$status" -eq 1 ]
    grep -Eq "^ +$2 +$1 " <<<"$output" || { echo "$output" >&2; return 1; }
}

@test "equal trees are equal, whatever their times" {
    touch -d 2001-01-01 "$B/usr/bin/tool" "$B/etc"
    compare
    [ "$status" -eq 0 ]
}

@test "content" { echo three >"$B/usr/bin/tool"; differs_in content usr/bin/tool; }
@test "content of the same length" { printf 'onE\n' >"$B/usr/bin/tool"; differs_in content usr/bin/tool; }
@test "mode" { chmod 755 "$B/usr/bin/tool"; differs_in mode usr/bin/tool; }
@test "setuid bit" { chmod u+s "$B/usr/bin/tool"; differs_in mode usr/bin/tool; }
@test "mode of a directory" { chmod 1777 "$B/etc"; differs_in mode etc; }
@test "mode of the root" { chmod 700 "$B"; differs_in mode /; }
@test "link target" { ln -sfn other "$B/etc/link"; differs_in target etc/link; }
@test "type: file becomes link" { ln -sfn /etc/config "$B/usr/bin/tool"; differs_in type usr/bin/tool; }
@test "type: link becomes directory" { rm "$B/etc/link"; mkdir "$B/etc/link"; differs_in type etc/link; }
@test "a missing path" { rm "$B/etc/config"; differs_in "only in A" etc/config; }
@test "an added path" { mkdir "$B/opt"; differs_in "only in B" opt; }
@test "a broken hard link set" {
    rm "$B/usr/bin/second"; cp -p "$B/usr/bin/first" "$B/usr/bin/second"
    differs_in hardlinks usr/bin/first
    differs_in hardlinks usr/bin/second
}
@test "a hard link set with one more name" { ln "$B/usr/bin/first" "$B/usr/bin/third"; differs_in hardlinks usr/bin/second; }

@test "owner" { need_root; chown 12 "$B/usr/bin/tool"; differs_in uid usr/bin/tool; }
@test "group of a link" { need_root; chgrp -h 34 "$B/etc/link"; differs_in gid etc/link; }
@test "device number" {
    need_root
    mknod "$A/etc/node" c 1 3 || skip "needs mknod"
    mknod "$B/etc/node" c 1 5
    differs_in device etc/node
}
@test "extended attribute" {
    /usr/bin/python3 -c 'import os,sys; os.setxattr(sys.argv[1], "user.note", b"x")' "$B/usr/bin/tool" || skip "needs extended attributes on the temporary directory"
    differs_in xattrs usr/bin/tool
}
@test "file capability" {
    need_root; need setcap
    setcap cap_net_raw+ep "$B/usr/bin/tool" || skip "needs file capabilities"
    differs_in xattrs usr/bin/tool
}

@test "noise is forgiven by name, counted, and not with --strict" {
    mkdir -p "$B/var/log"
    cp -a "$B/var/log" "$A/var/log"
    echo run >"$B/var/log/dpkg.log"
    printf '/etc/x y\n/usr/lib ldconfig\n' >"$B/var/lib/dpkg/triggers/File"
    printf 'MAGCflagtimesize-and-BODY' >"$B/usr/lib/python3/__pycache__/m.cpython-311.pyc"
    compare
    [ "$status" -eq 1 ]     # the code differs too: a stale file
    printf 'MAGCFLAGtimesize-and-body' >"$B/usr/lib/python3/__pycache__/m.cpython-311.pyc"
    compare
    [ "$status" -eq 0 ]
    [ "$(grep -c ignored <<<"$output")" -eq 3 ]
    compare --strict
    [ "$status" -eq 1 ]
}

@test "bytecode may be left out, not added, not stale" {
    rm -r "$B/usr/lib/python3/__pycache__"
    compare
    [ "$status" -eq 0 ]
    run "$SUPPORT/compare-trees" "$B" "$A"
    [ "$status" -eq 1 ]
}

@test "a noise rule does not hide another line, mode or owner" {
    printf '/usr/lib ldconfig\n/etc/x z\n' >"$B/var/lib/dpkg/triggers/File"
    differs_in content var/lib/dpkg/triggers/File
    printf '/etc/x y\n/usr/lib ldconfig\n' >"$B/var/lib/dpkg/triggers/File"
    chmod 600 "$B/var/lib/dpkg/triggers/File"
    differs_in mode var/lib/dpkg/triggers/File
}

@test "debconf: only the certificate lists and translations are forgiven" {
    mkdir -p "$A/var/cache/debconf" "$B/var/cache/debconf"
    printf 'Name: ca-certificates/enable_crts\nValue: a\n\nName: tz/zone\nValue: Etc\n' >"$A/var/cache/debconf/config.dat"
    printf 'Name: ca-certificates/enable_crts\nValue: b\n\nName: tz/zone\nValue: Etc\n' >"$B/var/cache/debconf/config.dat"
    compare
    [ "$status" -eq 0 ]
    printf 'Name: ca-certificates/enable_crts\nValue: a\n\nName: tz/zone\nValue: UTC\n' >"$B/var/cache/debconf/config.dat"
    differs_in content var/cache/debconf/config.dat
}

@test "a tar and a directory of the same tree are equal" {
    tar -C "$A" --xattrs -cf "$BATS_TEST_TMPDIR/a.tar" .
    run "$SUPPORT/compare-trees" "$BATS_TEST_TMPDIR/a.tar" "$B"
    [ "$status" -eq 0 ]
    gzip "$BATS_TEST_TMPDIR/a.tar"
    echo more >>"$B/etc/config"
    run "$SUPPORT/compare-trees" "$BATS_TEST_TMPDIR/a.tar.gz" "$B"
    [ "$status" -eq 1 ]
}

@test "layers of an image: files over files, whiteouts, opaque directories, hard links" {
    mkdir -p "$BATS_TEST_TMPDIR/l2/etc" "$BATS_TEST_TMPDIR/l2/usr/lib"
    tar -C "$A" -cf "$BATS_TEST_TMPDIR/1.tar" .
    : >"$BATS_TEST_TMPDIR/l2/etc/.wh.config"
    mkdir "$BATS_TEST_TMPDIR/l2/usr/lib/python3"
    : >"$BATS_TEST_TMPDIR/l2/usr/lib/python3/.wh..wh..opq"
    echo new >"$BATS_TEST_TMPDIR/l2/usr/lib/python3/new"
    tar -C "$BATS_TEST_TMPDIR/l2" --owner=0 --group=0 --numeric-owner -cf "$BATS_TEST_TMPDIR/2.tar" etc usr
    "$SUPPORT/tar-to-oci" --layout "$BATS_TEST_TMPDIR/oci" --tag x "$BATS_TEST_TMPDIR/1.tar" "$BATS_TEST_TMPDIR/2.tar"
    rm -r "$B/etc/config" "$B/usr/lib/python3"
    mkdir "$B/usr/lib/python3"
    echo new >"$B/usr/lib/python3/new"
    run "$SUPPORT/compare-trees" "oci:$BATS_TEST_TMPDIR/oci:x" "$B"
    echo "$output"
    [ "$status" -eq 0 ]
    if [ "$(id -u)" = 0 ] && command -v umoci >/dev/null; then
        unpack "$BATS_TEST_TMPDIR/oci" x "$BATS_TEST_TMPDIR/out"
        "$SUPPORT/compare-trees" "oci:$BATS_TEST_TMPDIR/oci:x" "$BATS_TEST_TMPDIR/out/rootfs"
    fi
}

@test "the same input makes the same image" {
    tar -C "$A" --sort=name --mtime=@0 -cf "$BATS_TEST_TMPDIR/1.tar" .
    "$SUPPORT/tar-to-oci" --layout "$BATS_TEST_TMPDIR/one" --tag x "$BATS_TEST_TMPDIR/1.tar"
    "$SUPPORT/tar-to-oci" --layout "$BATS_TEST_TMPDIR/two" --tag x "$BATS_TEST_TMPDIR/1.tar"
    diff -r "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

lint() {  # lint FILE...: one layer over $A, held to the rules for layers that resole writes
    tar -C "$A" -cf "$BATS_TEST_TMPDIR/1.tar" .
    rm -rf "$BATS_TEST_TMPDIR/oci"
    "$SUPPORT/tar-to-oci" --layout "$BATS_TEST_TMPDIR/oci" --tag x "$BATS_TEST_TMPDIR/1.tar" "$1" >/dev/null
    run "$SUPPORT/lint-layers" --from 1 "$BATS_TEST_TMPDIR/oci" x
}

@test "lint: a layer must bring its parents, whiteouts only for what is there, links inside the layer, nothing twice" {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p l/etc; echo x >l/etc/new
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf good.tar etc
    lint good.tar; echo "$output"; [ "$status" -eq 0 ]
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf bad.tar etc/new
    lint bad.tar; [ "$status" -eq 1 ]; [[ $output == *"no entry in the layer"* ]]
    chmod 700 l/etc
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf bad.tar etc
    lint bad.tar; [ "$status" -eq 1 ]; [[ $output == *"differ from below"* ]]
    chmod 755 l/etc
    : >l/etc/.wh.absent
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf bad.tar etc
    lint bad.tar; [ "$status" -eq 1 ]; [[ $output == *"not there"* ]]
    rm l/etc/.wh.absent
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf bad.tar etc etc/new
    lint bad.tar; [ "$status" -eq 1 ]; [[ $output == *twice* ]]
    ln -s etc "$A/alias"
    mkdir l/alias; echo x >l/alias/through
    tar -C l --owner=0 --group=0 --numeric-owner --format=ustar -cf bad.tar alias/through
    lint bad.tar; [ "$status" -eq 1 ]; [[ $output == *"symbolic link below"* ]]
}
