# SPDX-License-Identifier: Apache-2.0
# Patching what is patched: nothing to do, or the layers are replaced; never more layers, never a lower version.

load support/lib

setup() {
    T=$BATS_TEST_TMPDIR TINY=$BATS_TEST_TMPDIR/tiny
    need gpg dpkg jq umoci
    need_resole
    "$SUPPORT/tiny-archive" init "$TINY"
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing
    start_mirror "$TINY"
}
teardown() { stop_mirror; "$SUPPORT/tiny-archive" cleanup "$TINY"; }

first() { expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:one" -o "$T/one.json"; }
versions() {  # of the packages in an image
    unpack "$1" "$2" "$T/v.$2"
    dpkg-query --admindir="$T/v.$2/rootfs/var/lib/dpkg" -W -f '${Package} ${Version}\n'
    rm -rf "$T/v.$2"
}

@test "planning the patched image gives no change" {
    first
    expect 0 plan_tiny "oci:$T/out:one" --update all -o "$T/plan.json"
    grep -qi 'nothing to do' <<<"$output$stderr"
    jq -e '[.platforms[].packages[]] | length == 0' "$T/plan.json"
    expect 0 plan_tiny "oci:$T/out:one" --update all --detailed-exitcode
    expect 10 plan_tiny "oci:$TINY/oci:base" --update all --detailed-exitcode
}

@test "patching the patched image gives the same image, or says that it did nothing" {
    first
    expect 0 patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:two" -o "$T/two.json"
    [ "$(digest_of "$T/out" one)" = "$(digest_of "$T/out" two)" ]
    jq -e '.outcome == "unchanged" or .outcome == "copied"' "$T/two.json"
    expect 0 patch_tiny "oci:$T/out:one" --update all --on-unchanged skip --to "oci:$T/out:three"
    not digest_of "$T/out" three
}

@test "newer indexes: the layers are replaced, and the image is the one that the original gives" {
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    expect 0 patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:two" -o "$T/two.json"
    [ "$(layers_of "$T/out" one | wc -l)" -eq "$(layers_of "$T/out" two | wc -l)" ]
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:direct"
    "$SUPPORT/compare-trees" --strict "oci:$T/out:direct" "oci:$T/out:two"
    equal <(config_of "$T/out" direct | jq '.rootfs.diff_ids') <(config_of "$T/out" two | jq '.rootfs.diff_ids')
    versions "$T/out" two | grep -qx 'demo-lib 1.0-1+deb12u2'
    "$SUPPORT/lint-layers" --from 2 "$T/out" two
    # From the original to now, as the plan tells it.
    jq -e '.platforms[].packages[] | select(.name == "demo-lib") | .to == "1.0-1+deb12u2"' "$T/two.json"
    expect 0 resole verify "oci:$T/out:two"
}

@test "one package moved on: its layers are replaced, the others stay at their versions" {
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing --raise sample-conf
    expect 0 patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:two"
    [ "$(layers_of "$T/out" one | wc -l)" -eq "$(layers_of "$T/out" two | wc -l)" ]
    versions "$T/out" two >"$T/versions"
    grep -qx 'sample-conf 1.0-1+deb12u2' "$T/versions"
    grep -qx 'demo-lib 1.0-1+deb12u1' "$T/versions"
}

@test "a later run that asks for less takes nothing back" {
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing --raise sample-conf
    expect 0 patch_tiny "oci:$T/out:one" --update all --only sample-conf --to "oci:$T/out:two"
    versions "$T/out" two >"$T/versions"
    grep -qx 'sample-conf 1.0-1+deb12u2' "$T/versions"
    grep -qx 'demo-lib 1.0-1+deb12u1' "$T/versions"
    grep -qx 'shapes 1.0-1+deb12u1' "$T/versions"
}

@test "an archive that offers older versions again lowers nothing" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 2 --without-changing
    expect 0 patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:two" --cache-dir "$T/fresh"
    [ "$(digest_of "$T/out" one)" = "$(digest_of "$T/out" two)" ]
    versions "$T/out" two | grep -qx 'demo-lib 1.0-1+deb12u2'
}

@test "an archive that no longer has what the layers hold: the image stays, or grows from the cache, and is never lowered" {
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security --only sample-conf --raise sample-conf
    run --separate-stderr patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:two" --cache-dir "$T/fresh"
    # Without the old packages the layers cannot be made again: then the run says so, and writes nothing.
    if [ "$status" -eq 0 ]; then
        versions "$T/out" two | grep -qx 'demo-lib 1.0-1+deb12u1'
    else
        [[ $status =~ ^[567]$ ]]
        is_a_message
    fi
    # With the cache of the first run, it works.
    expect 0 patch_tiny "oci:$T/out:one" --update all --to "oci:$T/out:three"
    versions "$T/out" three >"$T/versions"
    grep -qx 'demo-lib 1.0-1+deb12u1' "$T/versions"
    grep -qx 'sample-conf 1.0-1+deb12u2' "$T/versions"
}

@test "an application layer on top of a patched image: patched again, its versions stay and its layer too" {
    first
    "$SUPPORT/app-layer" "$T/more.tar" --file "srv/more=on top"
    umoci raw add-layer --image "$T/out:one" --tag grown "$T/more.tar"
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    expect 0 patch_tiny "oci:$T/out:grown" --update all --to "oci:$T/out:two"
    versions "$T/out" two | grep -qx 'demo-lib 1.0-1+deb12u2'
    unpack "$T/out" two "$T/two"
    grep -qx 'on top' "$T/two/rootfs/srv/more"
}

@test "nothing to do, all held, end of life, no database: no two the same code and message" {
    first
    expect 0 plan_tiny "oci:$T/out:one" --update all
    local nothing="$output$stderr"
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=1.0-1+deb12u1 >"$T/report.json"
    expect 7 plan_tiny "oci:$TINY/oci:base" --report "$T/report.json" --hold '*'
    not grep -qi 'nothing to do' <<<"$output$stderr"
    "$SUPPORT/tiny-archive" publish "$TINY" security --valid-days 0
    expect 6 plan_tiny "oci:$TINY/oci:base" --on-eol refuse --as-of 2045-01-01T00:00:00Z
    says 'end of life'
    grep -qi 'nothing to do' <<<"$nothing"
}
