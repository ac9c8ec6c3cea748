# SPDX-License-Identifier: Apache-2.0
# Images that dpkg never was in: a distroless tree of real packages at main's versions, patched from security and updates, each file compared with
# the new packages; and the small archive's packages in such images.

load support/lib

setup() { need dpkg-deb apt-get umoci jq; need_resole; T=$BATS_TEST_TMPDIR; }
teardown() { stop_mirror; }

# The operator names the repositories and the key: such an image has neither.
repositories() {
    "$SUPPORT/apt-sources" bookworm bookworm-updates bookworm-security | jq -r '"--package-repo\n\(.uri) \(.suite) main"'
    echo --add-keyring
    echo /usr/share/keyrings/debian-archive-keyring.gpg
}

# made: the layers of the tree, once for this file; in the order in which builders stack them.
made() {
    local dir=$BATS_FILE_TMPDIR/layers
    if [ ! -f "$dir/done" ]; then
        rm -rf "$dir"
        mkdir -p "$dir"
        "$SUPPORT/distroless-tree" make "$dir" >&2 || return 1
        touch "$dir/done"
    fi
    printf '%s\n' "$dir"/{base-files,netbase,tzdata,ca-certificates,libc6,libssl3,openssl}.tar
}

@test "a distroless image of real packages: every file is the new package's, and nothing is made up" {
    need_root
    local layers options
    mapfile -t layers < <(made)
    mapfile -t options < <(repositories)
    # The application has a copy of a library of its own.
    mkdir -p "$T/app/srv/app"
    tar -C "$T/app/srv/app" --strip-components=3 -xf "$BATS_FILE_TMPDIR/layers/libssl3.tar" --wildcards 'usr/lib/*/libcrypto.so.3'
    tar -C "$T/app" --owner=0 --group=0 -cf "$T/app.tar" srv
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "${layers[@]}" "$T/app.tar"
    expect 0 resole patch "oci:$T/in:x" --update all --to "oci:$T/out:x" -o "$T/result.json" "${options[@]}"
    jq -e '.platforms[].packages | length >= 1' "$T/result.json"
    jq -e '.platforms[].packages | all(.verdict.kind == "none" or .verdict.kind == "recipe")' "$T/result.json"
    mkdir "$T/debs"
    "$SUPPORT/distroless-tree" fetch "$T/result.json" "$T/debs"
    unpack "$T/out" x "$T/bundle"
    "$SUPPORT/distroless-tree" check "$T/bundle/rootfs" "$T/debs" >&3
    expect 0 resole verify "oci:$T/out:x" -o "$T/verified.json"
    if jq -e '.platforms[].packages | any(.name == "libssl3")' "$T/result.json"; then
        for file in result verified; do
            jq -e '[.. | .shadowCopies? // empty | .[]] | any(.path == "srv/app/libcrypto.so.3" and .package == "libssl3" and .proof == "content")' "$T/$file.json"
        done
    else
        echo "libssl3 has no fix outstanding: its copy is not looked at" >&3
    fi
    # Names of entries stay, odd ones too.
    equal <(cd "$T/bundle/rootfs/var/lib/dpkg/status.d" && find . | LC_ALL=C sort) <(for layer in "${layers[@]}"; do
        tar -tf "$layer" | sed -n 's,^var/lib/dpkg/status.d,.,p'; done | sed 's,/$,,' | LC_ALL=C sort -u)
    # Patched again: nothing to do.
    expect 0 resole plan "oci:$T/out:x" --update all -o "$T/again.json" "${options[@]}"
    jq -e '[.platforms[].packages[]] | length == 0' "$T/again.json"
}

@test "an image without sources: the message has the lines to add; a mirror for all is enough" {
    need gpg
    "$SUPPORT/tiny-archive" init "$T/tiny"
    "$SUPPORT/tiny-archive" publish "$T/tiny" security --without-changing
    start_mirror "$T/tiny"
    mkdir -p "$T/del/etc/apt"
    : >"$T/del/etc/apt/.wh.sources.list"
    tar -C "$T/del" --owner=0 --group=0 -cf "$T/del.tar" etc
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$(tiny_tree "$T/tiny")" "$T/del.tar"
    expect 6 resole patch "oci:$T/in:x" --update all --to "oci:$T/out:x"
    says 'names no package sources' "--package-mirror '\*=" '--package-repo .* bookworm-security main'
    local keys=(--add-keyring "$T/tiny/keys/main.gpg")
    expect 0 resole plan "oci:$T/in:x" --update all -o "$T/plan.json" "${keys[@]}" \
        --package-repo "$MIRROR/debian bookworm main" --package-repo "$MIRROR/security bookworm-security main"
    # A mirror for all: the recipe's suites below the names that archives have there. bookworm-updates is a copy of nothing here.
    ln -s security "$T/tiny/repo/debian-security"
    run --separate-stderr resole plan "oci:$T/in:x" --update all -o "$T/by-mirror.json" "${keys[@]}" --package-mirror "*=$MIRROR"
    [ "$status" -eq 5 ]
    says 'bookworm-updates'
    # The same from the configuration file.
    printf 'package-mirror = ["*=%s"]\n' "$MIRROR" >"$T/resole.toml"
    run --separate-stderr resole plan "oci:$T/in:x" --update all -o "$T/x.json" "${keys[@]}" --config "$T/resole.toml"
    [ "$status" -eq 5 ]
    says 'bookworm-updates'
    stop_mirror
    "$SUPPORT/tiny-archive" cleanup "$T/tiny"
}

@test "a status file without apt, dpkg or a shell" {
    need gpg
    "$SUPPORT/tiny-archive" init "$T/tiny"
    "$SUPPORT/tiny-archive" publish "$T/tiny" security --without-changing
    start_mirror "$T/tiny"
    # Bitnami-like: its own tree beside dpkg's database, a list of its parts, no package manager.
    mkdir -p "$T/slim/opt/bitnami/app" "$T/slim/etc/apt"
    printf 'SPDXVersion: SPDX-2.3\nPackageName: demo-lib\nPackageVersion: 1.0-1\n' >"$T/slim/opt/bitnami/app/.spdx-app.spdx"
    : >"$T/slim/etc/.wh.apt"
    rmdir "$T/slim/etc/apt"
    mkdir -p "$T/slim/var/lib/dpkg"
    : >"$T/slim/var/lib/dpkg/.wh.triggers"
    : >"$T/slim/var/lib/dpkg/.wh.arch"
    tar -C "$T/slim" --owner=0 --group=0 -cf "$T/slim.tar" .
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$(tiny_tree "$T/tiny")" "$T/slim.tar"
    expect 0 resole patch "oci:$T/in:x" --update all --to "oci:$T/out:x" -o "$T/result.json" --plan "$T/plan.json" \
        --add-keyring "$T/tiny/keys/main.gpg" --package-repo "$MIRROR/debian bookworm main" --package-repo "$MIRROR/security bookworm-security main"
    jq -e '.platforms[].packages | any(.name == "demo-lib")' "$T/result.json"
    jq -e '.platforms[].staleMetadata | any(.where == "sbom" and .name == "/opt/bitnami/app/.spdx-app.spdx" and .package == "demo-lib")' "$T/plan.json"
    expect 0 resole verify "oci:$T/out:x"
    stop_mirror
    "$SUPPORT/tiny-archive" cleanup "$T/tiny"
}

@test "a database that a layer deletes: unsupported, and the layer is named" {
    need gpg
    "$SUPPORT/tiny-archive" init "$T/tiny"
    mkdir -p "$T/del/var/lib"
    : >"$T/del/var/lib/.wh.dpkg"
    tar -C "$T/del" --owner=0 --group=0 -cf "$T/del.tar" var
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$(tiny_tree "$T/tiny")" "$T/del.tar"
    expect 8 resole patch "oci:$T/in:x" --update all --to "oci:$T/out:x"
    says 'layer sha256:[0-9a-f]+.* deletes' 'no package database'
    not digest_of "$T/out" x 2>/dev/null
    "$SUPPORT/tiny-archive" cleanup "$T/tiny"
}
