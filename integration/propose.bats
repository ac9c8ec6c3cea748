# SPDX-License-Identifier: Apache-2.0
# From rollout.json to a pull request: real git behind a real web server with its rules, and a forge with memory for each kind, which is itself checked against
# its vendor's description where that can be had.

load support/lib

SOURCE=sha256:$(printf 'a%.0s' {1..64}) PATCHED=sha256:$(printf 'b%.0s' {1..64}) NEWER=sha256:$(printf 'c%.0s' {1..64})
TOKEN=forge-token-for-tests
DESCRIPTIONS=${RESOLE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/resole-tests}/forge-descriptions

setup() {
    need git jq python3
    need_resole
    T=$BATS_TEST_TMPDIR FORGE_PID='' WEB_PID=''
    export GIT_CONFIG_GLOBAL=$T/gitconfig GIT_CONFIG_NOSYSTEM=1 HOME=$T RESOLE_FORGE_TOKEN=$TOKEN
    unset GITHUB_TOKEN GITLAB_TOKEN GITEA_TOKEN FORGEJO_TOKEN
    printf '[user]\n\tname = Bot\n\temail = bot@example.org\n[init]\n\tdefaultBranch = main\n' >"$GIT_CONFIG_GLOBAL"
    mkdir -p "$T/srv"
    git init -q --bare "$T/srv/manifests.git"
    git -C "$T/srv/manifests.git" config http.receivepack true
    git -C "$T/srv/manifests.git" config uploadpack.allowFilter true
    git clone -q "$T/srv/manifests.git" "$T/clone" 2>/dev/null
    mkdir -p "$T/clone/clusters/prod" "$T/clone/docs"
    for name in web worker; do
        printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: registry.example.org/team/app:1.4@%s   # keep\n' "$name" "$SOURCE" >"$T/clone/clusters/prod/$name.yaml"
    done
    echo "read me" >"$T/clone/docs/readme.md"
    git -C "$T/clone" add -A
    git -C "$T/clone" commit -q -m first
    git -C "$T/clone" push -q origin HEAD:main
    result "$PATCHED" "$T/result.json"
    resole rollout edit "$T/result.json" --manifests "$T/clone/clusters/prod" -o "$T/rollout.json" -q >/dev/null
}
teardown() {
    [ -z "$FORGE_PID" ] || { kill "$FORGE_PID"; wait "$FORGE_PID"; } 2>/dev/null || true
    [ -z "$WEB_PID" ] || { kill "$WEB_PID"; wait "$WEB_PID"; } 2>/dev/null || true
}

result() { "$SUPPORT/result-for" registry.example.org/team/app:1.4 "$SOURCE" registry.example.org/patched/app:1.4 "$1" >"$2"; }

wait_for() { local _; for _ in $(seq 200); do [ -s "$1" ] && return; sleep 0.05; done; return 1; }

# start_forge KIND: sets API.
start_forge() {
    KIND=$1
    "$SUPPORT/fake-forge" "$KIND" --repository "$T/srv/manifests.git" --port-file "$T/forge.port" --state "$T/state.json" --token "$TOKEN" >"$T/forge.log" 2>&1 3>&- &
    FORGE_PID=$!
    wait_for "$T/forge.port" || { cat "$T/forge.log" >&2; return 1; }
    case $KIND in github) API=/api/v3 ;; gitlab) API=/api/v4 ;; *) API=/api/v1 ;; esac
    CONTROL=http://127.0.0.1:$(cat "$T/forge.port")/_control
    API=http://127.0.0.1:$(cat "$T/forge.port")$API
}
control() { python3 -c 'import sys, urllib.request; urllib.request.urlopen(urllib.request.Request(sys.argv[1], sys.argv[2].encode()))' "$CONTROL" "$1"; }
state() { jq -er "$1" "$T/state.json"; }

# start_web: git over http, with a login; sets REMOTE.
start_web() {
    [ -x /usr/sbin/lighttpd ] || skip "needs lighttpd"
    echo "$TOKEN" >"$T/srv/password"
    "$SUPPORT/git-server" "$T/srv" "$T/web.port" 2>"$T/web.err" 3>&- &
    WEB_PID=$!
    wait_for "$T/web.port" || { cat "$T/web.err" >&2; return 1; }
    REMOTE=http://127.0.0.1:$(cat "$T/web.port")/git/manifests.git
}

propose() { resole propose "$T/rollout.json" --manifests "$T/clone/clusters/prod" --signatures "${SIGNATURES:-recorded}" "$@"; }
propose_there() { propose --forge "$KIND" --forge-api "$API" --project team/manifests "$@"; }
bare() { git -C "$T/srv/manifests.git" "$@"; }
branch() { bare for-each-ref --format='%(refname:short)' 'refs/heads/resole/*'; }
newer() {
    result "$NEWER" "$T/newer.json"
    resole rollout edit "$T/newer.json" --manifests "$T/clone/clusters/prod" -o "$T/rollout.json" -q >/dev/null
}

# The life of a request, the same at every forge.
life() {
    start_forge "$1"
    expect 0 propose_there --label security --reviewer ann -o "$T/proposal.json"
    [ "$output" = "$(state '.requests[0] | .number' >/dev/null; jq -r .url "$T/proposal.json")" ]
    jq -e '.outcome == "opened" and .number == 1 and .forge == "'"$1"'" and (.files | length) == 2' "$T/proposal.json"
    [ "$(branch)" = "$(jq -r .branch "$T/proposal.json")" ]
    [ "$(bare diff --name-only main "$(branch)")" = $'clusters/prod/web.yaml\nclusters/prod/worker.yaml' ]
    [ "$(bare diff main "$(branch)" | grep -c '^[-+] ')" -eq 4 ]
    [ "$(bare rev-list --count "main..$(branch)")" -eq 1 ]
    state '.requests[0] | .labels == ["security"] and .reviewers == ["ann"] and (.body | contains("'"$PATCHED"'"))'

    # The same again: nothing is written, nothing is cloned.
    local tip asked
    tip=$(bare rev-parse "$(branch)") asked=$(jq '[.asked[] | select(.method != "GET")] | length' "$T/state.json")
    expect 0 propose_there --label security --reviewer ann
    says "nothing to do"
    [ "$(jq '[.asked[] | select(.method != "GET")] | length' "$T/state.json")" = "$asked" ]
    [ "$(bare rev-parse "$(branch)")" = "$tip" ]

    # A newer patch: the same request, one commit.
    newer
    expect 0 propose_there --label security --reviewer ann
    says updated
    state '.requests | length == 1 and (.[0].body | contains("'"$NEWER"'"))'
    [ "$(bare rev-list --count "main..$(branch)")" -eq 1 ]
    bare show "$(branch):clusters/prod/web.yaml" | grep -q "$NEWER   # keep"

    # The base moves so that it conflicts: the edits are made again there.
    sed -i 's/name: app/name: shop-app/; s/   # keep/   # kept/' "$T/clone/clusters/prod/web.yaml"
    git -C "$T/clone" commit -qam "other work"
    git -C "$T/clone" push -q origin HEAD:main
    expect 0 propose_there --label security --reviewer ann
    [ "$(bare rev-parse "$(branch)^")" = "$(bare rev-parse main)" ]
    bare show "$(branch):clusters/prod/web.yaml" | grep -q "name: shop-app"
    bare show "$(branch):clusters/prod/web.yaml" | grep -q "$NEWER   # kept"

    # A limit that is short is waited for.
    control '{"limit": {"after": 0, "seconds": 1}}'
    expect 0 propose_there --label security --reviewer ann
    # Somebody closes it: it stays closed.
    control '{"number": 1, "set": {"state": "closed"}}'
    expect 0 propose_there
    says "stays closed"
    state '.requests | length == 1'
    expect 0 propose_there --reopen
    state '.requests | length == 2'

    # Merged: the branch goes, and there is nothing more to do.
    bare update-ref refs/heads/main "$(bare rev-parse "$(branch)")"
    control '{"number": 2, "set": {"state": "closed", "merged": true}}'
    expect 0 propose_there -o "$T/proposal.json"
    jq -e '.outcome == "deployed"' "$T/proposal.json"
    [ -z "$(branch)" ]
}

@test "GitHub: the life of a pull request" { life github; }
@test "GitLab: the life of a merge request" { life gitlab; }
@test "Gitea: the life of a pull request" { life gitea; }

@test "git over http behind a web server with a login: the token is used, and stands nowhere" {
    start_web
    start_forge github
    git -C "$T/clone" remote set-url origin "$REMOTE"
    # What git and its helpers are called with, as the process list shows it.
    mkdir "$T/bin"
    printf '#!/bin/bash\nprintf "%%s\\n" "git $*" >>"%s"\nexec "%s" "$@"\n' "$T/arguments" "$(command -v git)" >"$T/bin/git"
    chmod +x "$T/bin/git"
    PATH=$T/bin:$PATH expect 0 propose_there -v -v
    [ -n "$(branch)" ]
    [ "$(wc -l <"$T/arguments")" -gt 5 ]
    not grep -rq "$TOKEN" "$T/arguments" "$T/state.json"
    not grep -q "$TOKEN" <<<"$output$stderr"
    [ -z "$(bare log --all --format=%H --grep "$TOKEN")" ]
    for _ in $(seq 100); do grep -q 'git-receive-pack HTTP' "$T/srv/access.log" && break; sleep 0.1; done  # the server writes its log now and then
    grep -q 'git-receive-pack HTTP' "$T/srv/access.log"

    # A wrong one is a message, not a question at the terminal.
    newer
    RESOLE_FORGE_TOKEN=wrong-token-000 expect 5 propose --branch-only
    says "token"
    not grep -q wrong-token <<<"$stderr"
    # From a file.
    (umask 077; echo "$TOKEN" >"$T/token")
    RESOLE_FORGE_TOKEN='' expect 0 propose --branch-only --token-file "$T/token"
    # In the origin's URL, as some pipelines write it.
    git -C "$T/clone" remote set-url origin "${REMOTE/\/\//\/\/oauth2:$TOKEN@}"
    result "$PATCHED" "$T/result.json"
    resole rollout edit "$T/result.json" --manifests "$T/clone/clusters/prod" -o "$T/rollout.json" -q >/dev/null
    RESOLE_FORGE_TOKEN='' expect 0 propose --branch-only -f json
    not grep -q "$TOKEN" <<<"$output$stderr"
}

@test "rules of the server: a protected branch, a push that a hook does not want" {
    start_web
    start_forge gitlab
    printf '#!/bin/sh\nwhile read -r old new ref; do case $ref in refs/heads/protected*) echo "GitLab: You are not allowed to push code to protected branches on this project." >&2; exit 1;; esac; done\n' >"$T/srv/manifests.git/hooks/pre-receive"
    chmod +x "$T/srv/manifests.git/hooks/pre-receive"
    expect 6 propose_there --remote "$REMOTE" --branch protected/resole
    says "not allowed to push" "hint:.*--branch"
    is_a_message
    state '.requests == []'
    printf '#!/bin/sh\necho "commits need a ticket" >&2\nexit 1\n' >"$T/srv/manifests.git/hooks/update"
    chmod +x "$T/srv/manifests.git/hooks/update"
    expect 6 propose_there --remote "$REMOTE"
    says "commits need a ticket"
    [ -z "$(branch)" ]
    state '.requests == []'
}

@test "commits of others on the branch stay, and that is said once" {
    start_forge github
    expect 0 propose_there
    git -C "$T/clone" fetch -q origin
    git -C "$T/clone" checkout -q -b mine "origin/$(branch)"
    echo "by hand" >"$T/clone/clusters/prod/note"
    git -C "$T/clone" add -A
    git -C "$T/clone" commit -qm "a word of mine"
    git -C "$T/clone" push -q origin "HEAD:$(branch)"
    git -C "$T/clone" checkout -q "$(git -C "$T/clone" rev-parse origin/main)"
    newer
    local tip
    tip=$(bare rev-parse "$(branch)")
    expect 7 propose_there
    expect 7 propose_there
    [ "$(bare rev-parse "$(branch)")" = "$tip" ]
    state '.requests[0].comments | length == 1'
}

@test "--branch-only and --patch-only need no forge" {
    expect 0 propose --branch-only
    [ "$output" = "$(branch)" ]
    expect 0 propose --patch-only -o "$T/change.patch"
    git clone -q "$T/srv/manifests.git" "$T/second"
    git -C "$T/second" am -q <"$T/change.patch"
    [ "$(git -C "$T/second" rev-parse 'HEAD^{tree}')" = "$(bare rev-parse "$(branch)^{tree}")" ]
    git -C "$T/second" log -1 --format=%B | grep -q '^Resole-Change-Set: sha256:'
    git -C "$T/second" reset -q --hard HEAD^
    git -C "$T/second" apply --check "$T/change.patch"
}

@test "a source that was signed asks for a signature of the patched image" {
    jq '.images[0].sourceWasSigned = true' "$T/rollout.json" >"$T/signed.json"
    mv "$T/signed.json" "$T/rollout.json"
    expect 6 propose --branch-only
    says "is signed" "--signatures ignore"
    [ -z "$(branch)" ]
    SIGNATURES=ignore expect 0 propose --branch-only
}

@test "what cannot be is said before anything is done" {
    expect 2 propose
    says "which forge" "--branch-only"
    RESOLE_FORGE_TOKEN='' expect 2 propose --forge github --forge-api http://127.0.0.1:9/api/v3 --project team/manifests
    says "no token"
    expect 2 propose --branch-only --remote 'ext::sh -c true'
    expect 2 propose --branch-only --remote https://example.org/x --path ../outside
    expect 2 propose --branch-only --branch 'a..b'
    expect 2 propose --branch-only --patch-only
    expect 3 propose --branch-only --base nothing
    says "no branch nothing"
    expect 3 propose --branch-only --path elsewhere
    says "no directory elsewhere"
    expect 3 resole propose "$T/result.json" --branch-only
    [ -z "$(branch)" ]
}

# The forge of the tests behind a proxy that holds every request and every answer against the vendor's description: what does not fit is an error.
described() {
    [ -n "${RESOLE_TEST_FULL:-}" ] || skip "only with --full"
    need npm node curl
    describe_github "$DESCRIPTIONS" || skip "needs the npm registry (@octokit/openapi, @stoplight/prism-cli)"
    [ -s "$DESCRIPTIONS/$1.json" ] || skip "needs the description of the API of $1 as $DESCRIPTIONS/$1.json"
    start_forge "$1"
    local port=$((20000 + RANDOM % 20000))
    "$DESCRIPTIONS/node_modules/.bin/prism" proxy "$DESCRIPTIONS/$1.json" "$API" --errors --port "$port" >"$T/prism.log" 2>&1 3>&- &
    WEB_PID=$!
    for _ in $(seq 300); do grep -q listening "$T/prism.log" && break; sleep 0.1; done
    API=http://127.0.0.1:$port
    expect 0 propose_there --label security --reviewer ann --draft
    newer
    expect 0 propose_there --label base-image --reviewer ann
    control '{"number": 1, "set": {"state": "closed"}}'
    expect 0 propose_there --reopen --label security
    not grep -qi 'violation' "$T/prism.log"
}

@test "full: GitHub is as its description says" {
    described github
    # And the proxy does look: a request that does not fit is refused.
    [ "$(curl -s -o "$T/wrong" -w '%{http_code}' -X POST -H 'Content-Type: application/json' -d '{"base": 7}' "$API/repos/team/manifests/pulls")" = 422 ]
}
@test "full: GitLab is as its description says" { described gitlab; }
@test "full: Gitea is as its description says" { described gitea; }

# The description of GitHub's API with only the calls that are used: the whole takes a minute to load.
describe_github() {
    [ -s "$1/github.json" ] && return
    mkdir -p "$1"
    (cd "$1" && npm install --silent --no-audit --no-fund --ignore-scripts @octokit/openapi@23.0.2 @stoplight/prism-cli@5.16.0 >/dev/null 2>&1) || return
    python3 - "$1" <<'PY'
import json, pathlib, sys
place = pathlib.Path(sys.argv[1])
whole = json.loads(next(place.glob("node_modules/@octokit/openapi/generated/api.github.com.json")).read_text())
root = "/repos/{owner}/{repo}"
wanted = [root + rest for rest in ("/pulls", "/pulls/{pull_number}", "/pulls/{pull_number}/requested_reviewers", "/issues/{issue_number}/labels", "/issues/{issue_number}/labels/{name}",
                                   "/issues/{issue_number}/comments")]
kept, queue = {"paths": {path: whole["paths"][path] for path in wanted}}, []
def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str): yield value["$ref"]
        for each in value.values(): yield from references(each)
    elif isinstance(value, list):
        for each in value: yield from references(each)
seen, queue = set(), list(references(kept))
components = {}
while queue:
    reference = queue.pop()
    if reference in seen: continue
    seen.add(reference)
    _, group, kind, name = reference.split("/", 3)
    part = whole[group][kind][name]
    components.setdefault(kind, {})[name] = part
    queue += references(part)
(place / "github.json").write_text(json.dumps({"openapi": whole["openapi"], "info": whole["info"], "paths": kept["paths"], "components": components}))
PY
}
