# SPDX-License-Identifier: Apache-2.0
"""What it costs to find that there is nothing to do: the same command again, the patched image being there already, with a package mirror on loopback
that answers conditional requests (the usual nightly case, without the distance to the mirror)."""
import json
import os
import subprocess
import time
import urllib.parse

from measuring import SUPPORT

SUITES = ("bookworm", "bookworm-updates", "bookworm-security")


def origins():
    """Where the machine's apt gets the suites from: scheme and host, each once."""
    text = subprocess.run([os.path.join(SUPPORT, "apt-sources"), *SUITES], stdout=subprocess.PIPE, text=True, check=True).stdout
    parts = [urllib.parse.urlsplit(json.loads(line)["uri"]) for line in text.splitlines()]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def start_mirror(directory, upstream):
    """A mirror on loopback that keeps what it has once fetched from upstream."""
    root = os.path.join(directory, "mirror." + urllib.parse.quote(upstream, safe=""))
    port_file = root + ".port"
    os.makedirs(root)
    process = subprocess.Popen([os.path.join(SUPPORT, "mirror"), "--root", root, "--port-file", port_file, "--upstream", upstream])
    while not os.path.exists(port_file):
        time.sleep(0.02)
    with open(port_file) as handle:
        return process, f"127.0.0.1:{handle.read()}"


def run(resole, registry, measure, runs):
    mirrors = {origin: start_mirror(resole.directory, origin) for origin in origins()}
    options = []
    for origin, (_, host) in mirrors.items():
        options += ["--package-mirror", f"{origin}=http://{host}", "--allow-private", host]

    def patch():
        return measure(resole.program, "patch", f"{registry.host}/demo:base", "--update", "all", "--to", f"{registry.host}/again:x", "--cache-dir",
                       resole.cache, "--jobs", str(resole.jobs), "--progress", "none", *options, accept=(0, 7))

    try:
        patch()
        return [patch() for _ in range(runs)]
    finally:
        for process, _ in mirrors.values():
            process.terminate()
            process.wait()
