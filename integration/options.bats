# SPDX-License-Identifier: Apache-2.0
# Where options come from, what is checked before any work, and what goes where: data to standard output, everything else to standard error.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    local tiny=$BATS_FILE_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    "$SUPPORT/tiny-archive" publish "$tiny" security --without-changing
    [ -x "$RESOLE" ] || return 0
    start_mirror "$tiny"
    plan_tiny "oci:$tiny/oci:base" --update all -o "$BATS_FILE_TMPDIR/plan.json" >/dev/null
    build_tiny "$BATS_FILE_TMPDIR/plan.json" --to "oci:$BATS_FILE_TMPDIR/made:x" --deployed-as registry.example.com/a:2 -o "$BATS_FILE_TMPDIR/result.json" >/dev/null
    jq '.sourceDeployedAs = "registry.example.com/a:1"' "$BATS_FILE_TMPDIR/result.json" >"$BATS_FILE_TMPDIR/local.json"
    stop_mirror
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny PLAN=$BATS_FILE_TMPDIR/plan.json RESULT=$BATS_FILE_TMPDIR/local.json IMAGE=oci:$BATS_FILE_TMPDIR/tiny/oci:base
    start_mirror "$TINY"
}
teardown() { stop_mirror; }

with() { env "$@"; }
# fits SCHEMA FILE...: by an implementation of JSON Schema that is not ours.
fits() {
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
    /usr/bin/python3 - "$ROOT/docs/schema/$1.json" "${@:2}" <<'X'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1], encoding="utf-8"))
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
problems = [f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for name in sys.argv[2:] for error in kind(schema).iter_errors(json.load(open(name, encoding="utf-8")))]
sys.exit("\n".join(problems) or 0)
X
}
quiet_stderr() { [ -z "$stderr" ] || { printf 'stderr: %s\n' "$stderr" >&2; return 1; }; }

# ---------------------------------------------------------------- which source wins

@test "the command line wins over the environment" {
    RESOLE_TO="oci:$T/evil:x" RESOLE_OUTPUT="$T/evil.json" RESOLE_CACHE_DIR="$T/evil-cache" RESOLE_FORMAT=json \
        expect 0 build_tiny "$PLAN" --to "oci:$T/good:x" -o "$T/good.json" --cache-dir "$T/cache" -f table
    digest_of "$T/good" x
    [ -e "$T/good.json" ] && [ ! -e "$T/evil" ] && [ ! -e "$T/evil.json" ] && [ ! -e "$T/evil-cache" ]
    [[ $output == oci:$T/good@sha256:* ]]
}
@test "options of other verbs do not count, neither in the environment nor in the file" {
    printf '[plan]\nupdate = "all"\nplatform = "linux/nothing"\n[build]\nsource = "oci:/nonexist:x"\n' >"$T/c.toml"
    RESOLE_SOURCE=oci:/nonexist:x RESOLE_MANIFESTS=/nonexist RESOLE_PLAN=/nonexist/p.json RESOLE_TO=nonsense: RESOLE_CONFIG="$T/c.toml" \
        expect 0 resole inspect "$IMAGE" -f json
    [ "$(jq -r .reference <<<"$output")" = "$IMAGE" ]
}
@test "the configuration file: its default place, RESOLE_CONFIG, --config before and after the verb" {
    mkdir -p "$T/xdg/resole"
    echo 'format = "json"' | tee "$T/xdg/resole/config.toml" >"$T/c.toml"
    XDG_CONFIG_HOME=$T/xdg expect 0 resole inspect "$IMAGE"; jq -e .schema <<<"$output"
    RESOLE_CONFIG=$T/c.toml expect 0 resole inspect "$IMAGE"; jq -e .schema <<<"$output"
    expect 0 resole inspect "$IMAGE" --config "$T/c.toml"; jq -e .schema <<<"$output"
    expect 0 resole --config "$T/c.toml" inspect "$IMAGE"; jq -e .schema <<<"$output"
    RESOLE_CONFIG=$T/c.toml expect 0 resole inspect "$IMAGE" -f table; not jq -e .schema <<<"$output"
    RESOLE_CONFIG=$T/absent expect 2 resole inspect "$IMAGE"; says 'RESOLE_CONFIG' 'absent'
}
@test "a misspelt key of the file is named with its line" {
    printf 'jobs = 2\n[patch]\nuptade = "all"\n' >"$T/c.toml"
    expect 2 resole inspect "$IMAGE" --config "$T/c.toml"
    says 'c\.toml:3: unknown key uptade in \[patch\]' 'did you mean update'
    printf '[pacth]\nupdate = "all"\n' >"$T/c.toml"
    expect 2 resole inspect "$IMAGE" --config "$T/c.toml"; says 'c\.toml:2: unknown section \[pacth\]'
    printf 'jobs = \n' >"$T/c.toml"
    expect 2 resole inspect "$IMAGE" --config "$T/c.toml"; says 'c\.toml:1: '
}
@test "lists in the environment" {
    RESOLE_HOLD='demo-lib,demo-to*' RESOLE_PLATFORM= expect 7 plan_tiny "$IMAGE" --update all -o "$T/p.json"
    held_names "$T/p.json" | grep -qx demo-lib
    held_names "$T/p.json" | grep -qx demo-tools
    RESOLE_TO=$'oci:'"$T"$'/a,b:x\noci:'"$T/c:x" expect 0 build_tiny "$PLAN"
    digest_of "$T/a,b" x
    digest_of "$T/c" x
    RESOLE_VERBOSE=1 expect 0 resole inspect "$IMAGE"; [ -n "$stderr" ]
}
@test "an option takes one value, and leaves the image alone" {
    expect 0 resole patch --to "oci:$T/o1:x" "$IMAGE" --to "oci:$T/o2:x" --update all $(mirror_flags)
    digest_of "$T/o1" x
    digest_of "$T/o2" x
}

# ---------------------------------------------------------------- before any work

@test "outputs that cannot be written fail before anything is published" {
    mkdir "$T/directory"
    expect 3 build_tiny "$PLAN" --to "oci:$T/out:x" -o "$T/absent/r.json"; says 'no such directory' 'absent'
    expect 3 build_tiny "$PLAN" --to "oci:$T/out:x" -o "$T/directory"; says 'directory'
    expect 3 patch_tiny "$IMAGE" --to "oci:$T/out:x" --plan "$T/absent/p.json"; says 'absent'
    expect 3 plan_tiny "$IMAGE" -o "$PLAN/p.json"; says 'plan.json'
    expect 2 patch_tiny "$IMAGE" --to "oci:$T/out:x" -o "$T/one" --plan "$T/one"; says 'both name'
    cp "$PLAN" "$T/plan.json"
    expect 2 build_tiny "$T/plan.json" --to "oci:$T/out:x" -o "$T/plan.json"; says 'would overwrite'
    cmp "$PLAN" "$T/plan.json"
    [ ! -e "$T/out" ]
    if [ "$(id -u)" != 0 ]; then
        mkdir -m 555 "$T/closed"
        expect 3 build_tiny "$PLAN" --to "oci:$T/out:x" -o "$T/closed/r.json"
        [ ! -e "$T/out" ]
    fi
}
@test "a later destination fails: what was written before is told" {
    need_root
    mkdir "$T/small"
    mount -t tmpfs -o size=64k tmpfs "$T/small" || skip "needs tmpfs mounts"
    run --separate-stderr build_tiny "$PLAN" --to "oci:$T/first:x" --to "oci:$T/small/second:x" -o "$T/r.json"
    umount "$T/small"
    [ "$status" -eq 3 ] || { echo "exit $status: $stderr" >&2; return 1; }
    [ "$output" = "oci:$T/first@$(digest_of "$T/first" x)" ]
    jq -e --arg place "oci:$T/first:x" '[.destinations[].location] == [$place]' "$T/r.json"
}
@test "rollout edit: wrong options and templates leave the manifests as they were" {
    mkdir "$T/tree" "$T/templates"
    printf 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: registry.example.com/a:1\n' >"$T/tree/pod.yaml"
    cp -a "$T/tree" "$T/before"
    expect 2 resole rollout edit "$RESULT" --manifests "$T/tree" --write --render markdown; says '--render-dir'
    expect 3 resole rollout edit "$RESULT" --manifests "$T/tree" --write --render markdown --render-dir "$RESULT/x"
    expect 3 resole rollout edit "$RESULT" --manifests "$T/tree" --write -o "$T/absent/r.json"
    diff -r "$T/before" "$T/tree"
    expect 0 resole rollout edit "$RESULT" --manifests "$T/tree" --write --render markdown --render-dir "$T/new/rendered"
    not diff -rq "$T/before" "$T/tree"
    [ -n "$(ls "$T/new/rendered")" ]
}
@test "values are checked before any work" {
    local bad
    : >"$TINY/requests.log"
    for bad in "--package-mirror =http://x.example" "--package-mirror http://x.example=" "--deployed-as NOT/A/reference:" "--as-of tomorrow" "--max-index-age old" \
        "--add-keyring $PLAN" "--min-severity worst" "--package-repo x" "--jobs 0"; do
        # shellcheck disable=SC2086
        expect 2 patch_tiny "$IMAGE" --to "oci:$T/out:x" $bad
        says "${bad%% *}: "
    done
    expect 2 patch_tiny "$IMAGE" --to "oci:$T/out:x" --add-keyring "$PLAN"; says 'not an OpenPGP keyring'
    [ ! -s "$TINY/requests.log" ]
}

# ---------------------------------------------------------------- messages

@test "unknown words are named, with what there is" {
    expect 2 "$RESOLE" bogus; says 'unknown verb bogus' 'inspect, plan, fetch'
    expect 2 "$RESOLE"; says 'verbs are'
    expect 2 "$RESOLE" rollout bogus; says 'rollout bogus'
    expect 2 resole patch "$IMAGE" --tu "oci:$T/out:x"; says 'unknown option --tu' 'did you mean --to'
}
@test "usage errors are objects with --log-format json, with a hint" {
    expect 2 "$RESOLE" bogus --log-format json
    jq -e '.event == "error" and .kind == "usage" and (.hint | contains("inspect"))' <<<"$stderr"
    RESOLE_LOG_FORMAT=json expect 2 "$RESOLE" patch "$IMAGE"
    jq -e '.kind == "usage" and (.message | contains("--to"))' <<<"$stderr"
}
@test "a local result without a name: the message names the verb that takes the option" {
    expect 2 resole rollout edit "$BATS_FILE_TMPDIR/result.json" --manifests "$T"
    says '--source-deployed-as' 'plan or patch'
    jq 'del(.destinations[].deployedAs)' "$RESULT" >"$T/r.json"
    expect 2 resole rollout edit "$T/r.json" --manifests "$T"
    says ' --deployed-as' 'build or patch'
}
@test "a repository that fails is warned about once" {
    echo '[{"match": "*security*", "status": 404}]' >"$TINY/script.json"
    run --separate-stderr plan_tiny "oci:$TINY/oci:multi" --update all --package-repo "$MIRROR/nothing bookworm main"
    rm "$TINY/script.json"
    [ "$(grep -c 'nothing' <<<"$stderr")" -le 1 ]
    [ "$(grep -c 'bookworm-security' <<<"$stderr")" -le 1 ]
}

# ---------------------------------------------------------------- documents

@test "documents fit their schemas, and standard output has nothing else" {
    local name
    expect 0 resole inspect "$IMAGE" -f json; quiet_stderr; echo "$output" >"$T/inspection.json"
    expect 0 resole inspect "oci:$TINY/oci:multi" -f json; echo "$output" >"$T/inspection2.json"
    expect 0 resole inspect "oci:$BATS_FILE_TMPDIR/made:x" -o "$T/inspection3.json"
    fits inspection "$T"/inspection*.json
    jq -e '.platforms[0].lineage' "$T/inspection3.json"

    expect 0 resole verify "oci:$BATS_FILE_TMPDIR/made:x" --plan "$PLAN" -f json; quiet_stderr; echo "$output" >"$T/verification.json"
    expect 0 resole verify "oci:$BATS_FILE_TMPDIR/made:x" -o "$T/verification2.json"; [[ $output == ok:* ]]
    expect 4 resole verify "$IMAGE" --plan "$PLAN" -f json; echo "$output" >"$T/verification3.json"
    fits verification "$T"/verification*.json
    jq -e '.ok and .againstPlan' "$T/verification.json"
    jq -e '(.ok | not) and (.findings | length > 0)' "$T/verification3.json"

    expect 0 resole fetch "$PLAN" -o "$T/bundle" $(mirror_flags) -f json; echo "$output" >"$T/bundle.json"
    fits bundle "$T/bundle.json"
    expect 0 resole fetch "$PLAN" -o "$T/bundle.tar" $(mirror_flags); [ "$output" = "$T/bundle.tar" ]

    expect 0 plan_tiny "$IMAGE" --update all -f json; echo "$output" >"$T/plan.json"; fits plan "$T/plan.json"
    expect 0 build_tiny "$PLAN" --to "oci:$T/out:x" -f json; echo "$output" >"$T/result.json"; fits result "$T/result.json"
    expect 0 patch_tiny "$IMAGE" --update all --to "oci:$T/out2:x" -f json; echo "$output" >"$T/result2.json"; fits result "$T/result2.json"
    mkdir "$T/tree"
    expect 0 resole rollout edit "$RESULT" --manifests "$T/tree" -f json; echo "$output" >"$T/rollout.json"; fits rollout "$T/rollout.json"
    for name in "$ROOT"/recipes/*.json; do fits recipe "$name"; done
}
@test "every schema is one, and the recipe's references lead somewhere" {
    local name
    for name in "$ROOT"/docs/schema/*.json; do
        echo 1 >"$T/no.json"
        not fits "$(basename "$name" .json)" "$T/no.json" 2>/dev/null
    done
    echo '{"schema": "resole/recipe/v1", "id": "x", "family": "deb", "releases": [{"versionId": "1", "codename": "x", "endOfLife": "soon"}]}' >"$T/recipe.json"
    run fits recipe "$T/recipe.json"
    [ "$status" -eq 1 ]
    [[ $output == *endOfLife* ]]
}
@test "standard output that is full is an error" {
    [ -e /dev/full ] || skip "needs /dev/full"
    run --separate-stderr bash -c '"$RESOLE" inspect "$1" -f json --cache-dir "$2" >/dev/full' _ "$IMAGE" "$BATS_FILE_TMPDIR/cache"
    [ "$status" -eq 3 ]
    says 'standard output'
}
@test "a snapshot is read where the operator says that snapshots are" {
    cp -a "$TINY/repo/security" "$TINY/repo/20260131T000000Z"
    : >"$MIRROR_LOG"
    run --separate-stderr resole plan "$IMAGE" --update all -o "$T/p.json" --package-mirror "$TINY_DEBIAN=$MIRROR/debian" --package-mirror "$TINY_SECURITY=$MIRROR/security" \
        --package-mirror "$TINY_SECURITY=$MIRROR/{snapshot}" --snapshot 2026-01-31 --as-of "$(date -u +%FT%TZ)"
    rm -r "$TINY/repo/20260131T000000Z"
    [ "$status" -eq 0 ] || { echo "$stderr" >&2; return 1; }
    jq -e --arg at "$MIRROR/20260131T000000Z" '.platforms[].repositories | any(.uri == $at)' "$T/p.json"
    not grep -q '/security/' "$MIRROR_LOG"
    expect 2 plan_tiny "$IMAGE" --snapshot 2026-01-31; says '\{snapshot\}'
}
