# SPDX-License-Identifier: Apache-2.0
# From a result to manifests: exactly the bytes of the image references change, and the renderings are what kubectl takes.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    local tiny=$BATS_FILE_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    "$SUPPORT/tiny-archive" publish "$tiny" security --without-changing
    [ -x "$RESOLE" ] || return 0
    start_mirror "$tiny"
    patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_FILE_TMPDIR/out:new" -o "$BATS_FILE_TMPDIR/result.json" \
        --source-deployed-as registry.example.com/team/app:1.4 --deployed-as registry.example.com/team/app:1.4-patched >/dev/null
    patch_tiny "oci:$tiny/oci:base" --update all -o "$BATS_FILE_TMPDIR/forms.json" --source-deployed-as registry.example.com/team/app:1.4 \
        --to "oci:$BATS_FILE_TMPDIR/forms:{tag}" --deployed-as 'registry.example.com/patched/app:{tag}' \
        --to "oci:$BATS_FILE_TMPDIR/forms:{tag}-r{plan8}" --deployed-as 'registry.example.com/patched/app:{tag}-r{plan8}' >/dev/null
    stop_mirror
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq
    need_resole
    T=$BATS_TEST_TMPDIR RESULT=$BATS_FILE_TMPDIR/result.json
    SOURCE=$(jq -er .source.digest "$RESULT") PATCHED=$(jq -er .patched.digest "$RESULT")
    mkdir -p "$T/tree/deep" "$T/tree/.git"
    cat >"$T/tree/web.yaml" <<'X'
# The web front.   Comments, odd   spacing and order stay.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      initContainers:
        - name: prepare
          image: 'registry.example.com/team/app:1.4'   # quoted
      containers:
      - image: registry.example.com/team/app:1.4
        name: web
      - name: side
        image: registry.example.com/team/other:1.4
      - {name: flow, image: "registry.example.com/team/app:1.4"}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: run
              image: registry.example.com/team/app:1.4
X
    printf 'apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: crlf\r\nspec:\r\n  containers:\r\n  - name: a\r\n    image: registry.example.com/team/app:1.4\r\n' >"$T/tree/deep/crlf.yaml"
    cat >"$T/tree/deep/pinned.json" <<X
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pinned"}, "spec": {"containers": [{"name": "a", "image": "registry.example.com/team/app@$SOURCE"}]}}
X
    cat >"$T/tree/deep/other.yaml" <<'X'
apiVersion: v1
kind: Pod
metadata: {name: other}
spec: {containers: [{name: a, image: registry.example.com/team/app:1.3}]}
X
    cp "$T/tree/web.yaml" "$T/tree/.git/config.yaml"
    printf 'image: {{ .Values.image }}\n' >"$T/tree/deep/template.yaml"
    cp -a "$T/tree" "$T/before"
}

edit() { resole rollout edit "$RESULT" --manifests "$T/tree" -o "$T/rollout.json" "$@"; }

@test "without --write nothing changes; the edits are shown" {
    expect 0 edit
    diff -r "$T/before" "$T/tree"
    [ "$(grep -c '^+.*1.4-patched' <<<"$output")" -ge 4 ]
    jq -e '.schema == "resole/rollout/v1" and (.edits | length >= 5)' "$T/rollout.json"
}

@test "--write changes the references of this image and no other byte" {
    expect 0 edit --write
    run diff -r "$T/before" "$T/tree"
    not grep -E '^[<>]' <<<"$(grep -Ev 'team/app' <<<"$output")"
    [ "$(grep -c '^>' <<<"$output")" -eq 6 ]
    not grep -r 'team/app:1.4$' "$T/tree/web.yaml"
    cmp "$T/before/deep/other.yaml" "$T/tree/deep/other.yaml"
    cmp "$T/before/.git/config.yaml" "$T/tree/.git/config.yaml"
    cmp "$T/before/deep/template.yaml" "$T/tree/deep/template.yaml"
    grep -q "$PATCHED" "$T/tree/deep/pinned.json"
    # Line ends as they were: only the reference differs.
    [ "$(grep -c $'\r$' "$T/tree/deep/crlf.yaml")" -eq 8 ]
    # The same with the edits taken back.
    sed -E "s#team/app:1.4-patched(@sha256:[0-9a-f]{64})?#team/app:1.4#; s#team/app(:1.4-patched)?@$PATCHED#team/app@$SOURCE#" "$T/tree/web.yaml" | cmp - "$T/before/web.yaml"
}

@test "writing twice changes nothing the second time" {
    expect 0 edit --write
    cp -a "$T/tree" "$T/once"
    expect 0 edit --write
    diff -r "$T/once" "$T/tree"
}

@test "the document names every workload, and is the same on each run" {
    expect 0 edit
    cp "$T/rollout.json" "$T/first.json"
    expect 0 edit
    cmp "$T/first.json" "$T/rollout.json"
    jq -e '[.workloads[] | "\(.kind)/\(.name)"] | unique == ["CronJob/nightly", "Deployment/web", "Pod/crlf", "Pod/pinned"]' "$T/rollout.json"
    jq -e --arg s "$SOURCE" --arg p "$PATCHED" '.images[0] | .source == $s and .patched == $p' "$T/rollout.json"
}

@test "pins: tag, digest, both" {
    expect 0 edit --pin tag;    grep -q '^+.*team/app:1.4-patched$' <<<"$output"
    expect 0 edit --pin digest; grep -q "^+.*team/app@$PATCHED$" <<<"$output"
    expect 0 edit --pin both;   grep -q "^+.*team/app:1.4-patched@$PATCHED$" <<<"$output"
}

@test "renderings: kustomize, kubectl-patch, markdown" {
    expect 0 edit --render kustomize --render kubectl-patch --render markdown --render-dir "$T/render"
    find "$T/render" -type f | sort >&2
    grep -rq '1.4-patched' "$T/render"
    grep -rq "$PATCHED" "$T/render"
    grep -rl 'demo-lib' "$T/render" | grep -q '\.md$'
    # Nothing that the host, the time or this directory brings in.
    not grep -r "$T" "$T/render"
    cp -a "$T/render" "$T/again"
    expect 0 edit --render kustomize --render kubectl-patch --render markdown --render-dir "$T/render"
    diff -r "$T/again" "$T/render"
}

@test "the kustomize rendering is what kubectl kustomize takes" {
    need kubectl
    expect 0 edit --render kustomize --render-dir "$T/render"
    local file
    file=$T/render/kustomize/kustomization.yaml
    [ -f "$file" ]
    mkdir "$T/k"
    cp "$T/before/web.yaml" "$T/k/"
    { cat "$file"; grep -q '^resources:' "$file" || printf 'resources:\n- web.yaml\n'; } >"$T/k/kustomization.yaml"
    kubectl kustomize "$T/k" >"$T/built.yaml"
    [ "$(grep -c "team/app:1.4-patched\|team/app@$PATCHED" "$T/built.yaml")" -eq 4 ]
    grep -q 'team/other:1.4$' "$T/built.yaml"
}

@test "bad input: a result that is none, manifests that are broken, keys that are there twice" {
    echo '{}' >"$T/x.json"
    expect 3 resole rollout edit "$T/x.json" --manifests "$T/tree"
    is_a_message
    printf 'kind: Pod\nspec:\n  containers:\n  - image: registry.example.com/team/app:1.4\n    image: registry.example.com/team/app:1.4\n' >"$T/tree/twice.yaml"
    printf 'kind: Pod\n  bad: [\n' >"$T/tree/broken.yaml"
    run --separate-stderr edit --write
    # The others are edited; these two are named, and stay.
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || [ "$status" -eq 7 ]
    grep -q 'twice.yaml' <<<"$output$stderr$(cat "$T/rollout.json" 2>/dev/null)"
    [ "$(grep -c 'team/app:1.4$' "$T/tree/twice.yaml")" -eq 2 ]
}

@test "a link out of the tree is not followed" {
    mkdir "$T/outside"
    cp "$T/before/web.yaml" "$T/outside/web.yaml"
    ln -s "$T/outside" "$T/tree/link"
    ln -s "$T/outside/web.yaml" "$T/tree/direct.yaml"
    expect 0 edit --write
    cmp "$T/before/web.yaml" "$T/outside/web.yaml"
    [ -L "$T/tree/direct.yaml" ]
}

@test "tags by their forms: one moves, one never does, and a tag that stands alone becomes the latter" {
    local plan8
    plan8=$(jq -r '.plan[7:15]' "$BATS_FILE_TMPDIR/forms.json")
    [ "$(jq -r '[.destinations[].deployedAs] | join(" ")' "$BATS_FILE_TMPDIR/forms.json")" = "registry.example.com/patched/app:1.4 registry.example.com/patched/app:1.4-r$plan8" ]
    [ "$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | sort | join(" ")' "$BATS_FILE_TMPDIR/forms/index.json")" = "1.4 1.4-r$plan8" ]
    expect 0 resole rollout edit "$BATS_FILE_TMPDIR/forms.json" --manifests "$T/tree" --write
    grep -q "image: registry.example.com/patched/app:1.4-r$plan8\$" "$T/tree/web.yaml"
    grep -q "registry.example.com/patched/app@sha256" "$T/tree/deep/pinned.json"
    expect 2 resole rollout edit "$BATS_FILE_TMPDIR/forms.json" --manifests "$T/tree" --immutable-tag '{nonsense}'
    is_a_message
}

@test "the compose rendering is what docker-compose takes, there and back" {
    need docker-compose
    printf 'version: "3.8"\nservices:\n  web:\n    image: registry.example.com/team/app:1.4\n    ports: ["80:80"]\n  side:\n    image: registry.example.com/team/other:1.4\n' >"$T/tree/compose.yaml"
    expect 0 edit --render compose --render-dir "$T/render"
    local override
    override=$(find "$T/render/compose" -name '*.y*ml')
    docker-compose -f "$T/tree/compose.yaml" -f "$override" config >"$T/merged.yaml"
    grep -q "image: registry.example.com/team/app:1.4-patched@$PATCHED" "$T/merged.yaml"
    grep -q 'image: registry.example.com/team/other:1.4$' "$T/merged.yaml"
    expect 0 edit --rollback --render compose --render-dir "$T/back"
    docker-compose -f "$T/tree/compose.yaml" -f "$(find "$T/back/compose" -name '*.y*ml')" config | grep -q "team/app:1.4@$SOURCE"
}

@test "status: from a cluster that knows nothing to one that runs it" {
    expect 0 edit --pin digest
    expect 7 resole rollout status "$T/rollout.json" --live - <<<'{"kind": "List", "items": []}'
    grep -q '^unseen ' <<<"$output"
    jq -c --arg p "registry.example.com/team/app@$PATCHED" '[.workloads[] | {kind, name, namespace, container, image: $p, imageID: $p}] | unique | .[]' "$T/rollout.json" >"$T/live.ndjson"
    expect 0 resole rollout status "$T/rollout.json" --live "$T/live.ndjson" -o "$T/status.json"
    jq -e '.complete and all(.workloads[]; .state == "running")' "$T/status.json"
    sed "1s/$PATCHED/$SOURCE/g" "$T/live.ndjson" >"$T/mixed.ndjson"
    expect 7 resole rollout status "$T/rollout.json" --live "$T/mixed.ndjson" -f json
    jq -e '.complete | not' <<<"$output"
    # What the manifests have, when they are given.
    expect 7 resole rollout status "$T/rollout.json" --live "$T/mixed.ndjson" --manifests "$T/tree"
    grep -q '^proposed ' <<<"$output"
    expect 0 edit --pin digest --write
    expect 7 resole rollout status "$T/rollout.json" --live "$T/mixed.ndjson" --manifests "$T/tree"
    not grep -q '^proposed ' <<<"$output"
    expect 3 resole rollout status "$T/rollout.json" --live "$RESULT"
    is_a_message
}
