# SPDX-License-Identifier: Apache-2.0
"""The same upgrade, three ways: resole, buildah, and docker with BuildKit. Each takes the image from, or has it already from, the registry on
loopback, and pushes the patched image there under its own name.

Cold: nobody has the image or anything else; the peers pull it first. Warm: it is in the peers' store, and resole has the cache of the run before.
"""
import json
import os
import shutil
import signal
import subprocess
import time

from measuring import together

CONTAINERFILE = """FROM {base}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confold upgrade --with-new-pkgs && \
 apt-get clean && rm -rf /var/lib/apt/lists/*
"""


def context(directory, base):
    os.makedirs(directory)
    with open(os.path.join(directory, "Containerfile"), "w") as handle:
        handle.write(CONTAINERFILE.format(base=base))
    return directory


class Resole:
    """Cold: no cache at all. Warm: with the cache of the cold run. Nothing new: the patched image once more."""

    def __init__(self, program, directory, host, measure, jobs):
        self.program, self.directory, self.host, self.measure, self.jobs = program, directory, host, measure, jobs
        self.cache = os.path.join(directory, "cache")

    def patch(self, source, to, accept=(0, 7)):
        return self.measure(self.program, "patch", f"{self.host}/{source}", "--update", "all", "--to", f"{self.host}/{to}", "--cache-dir", self.cache,
                            "--jobs", str(self.jobs), "--progress", "none", "-v", accept=accept)

    def run(self, number):
        shutil.rmtree(self.cache, ignore_errors=True)
        costs = {"resole, cold": self.patch("demo:base", f"cold{number}:x")}
        self.phases = self.measure.said
        costs["resole, warm"] = self.patch("demo:base", f"warm{number}:x")
        return costs

    def image(self, number):
        return f"cold{number}:x"


class Buildah:
    def __init__(self, directory, host, measure):
        self.host, self.measure = host, measure
        self.flags = ["--root", os.path.join(directory, "store"), "--runroot", os.path.join(directory, "storerun"), "--storage-driver", "overlay"]
        self.storage = os.path.join(directory, "store", "overlay")
        self.context = context(os.path.join(directory, "buildah"), f"{host}/demo:base")

    def run(self, number):
        base, to = f"{self.host}/demo:base", f"{self.host}/buildah{number}:x"
        pull = self.measure("buildah", *self.flags, "pull", "-q", "--tls-verify=false", base)
        build = self.measure("buildah", *self.flags, "bud", "--isolation", "chroot", "--network", "host", "--no-cache", "--pull-never", "-t", to, self.context)
        push = self.measure("buildah", *self.flags, "push", "-q", "--tls-verify=false", to)
        subprocess.run(["buildah", *self.flags, "rmi", "-f", to, base], capture_output=True)
        return {"buildah, cold": together(pull, build, push), "buildah, warm": together(build, push)}

    def image(self, number):
        return f"buildah{number}:x"

    @staticmethod
    def version():
        return subprocess.run(["buildah", "--version"], stdout=subprocess.PIPE, text=True).stdout.strip().split(" (")[0]

    def close(self):
        subprocess.run(["umount", self.storage], capture_output=True)


class BuildKit:
    """dockerd of our own, in a directory of our own, with the BuildKit that is part of it. Debian's client: newer ones ask for a plugin."""

    client = shutil.which("docker", path="/usr/bin:" + os.environ.get("PATH", ""))

    def __init__(self, directory, host, measure):
        self.host, self.measure = host, measure
        self.socket = f"unix://{directory}/docker.sock"
        self.log = open(os.path.join(directory, "dockerd.log"), "w")
        self.process = subprocess.Popen(["dockerd", "--data-root", os.path.join(directory, "docker"), "--exec-root", os.path.join(directory, "dockerrun"),
                                         "-H", self.socket, "-p", os.path.join(directory, "dockerd.pid"), "--iptables=false", "--ip6tables=false",
                                         "--bridge=none", "--insecure-registry", host], stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        self.env = {**os.environ, "DOCKER_BUILDKIT": "1", "DOCKER_HOST": self.socket, "DOCKER_CONFIG": os.path.join(directory, "dockerconfig")}
        self.problem = self.wait()
        if self.problem:
            return
        self.context = context(os.path.join(directory, "buildkit"), f"{host}/demo:base")

    def wait(self):
        for _ in range(150):
            if self.process.poll() is not None:
                return "dockerd ended at once; " + open(self.log.name).read().strip().splitlines()[-1][:300]
            if subprocess.run([self.client, "version"], env=self.env, capture_output=True).returncode == 0:
                return ""
            time.sleep(0.2)
        return "dockerd does not answer"

    def daemons(self):
        found = [self.process.pid]
        for pid in found:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as handle:
                    found.extend(int(child) for child in handle.read().split())
        return found

    def docker(self, *arguments):
        return self.measure(self.client, *arguments, env=self.env, daemons=self.daemons())

    def run(self, number):
        base, to = f"{self.host}/demo:base", f"{self.host}/buildkit{number}:x"
        pull = self.docker("pull", "-q", base)
        build = self.docker("build", "-q", "--network", "host", "--no-cache", "-f", os.path.join(self.context, "Containerfile"), "-t", to, self.context)
        push = self.docker("push", "-q", to)
        subprocess.run([self.client, "rmi", "-f", to, base], env=self.env, capture_output=True)
        subprocess.run([self.client, "builder", "prune", "-af"], env=self.env, capture_output=True)
        return {"BuildKit, cold": together(pull, build, push), "BuildKit, warm": together(build, push)}

    def image(self, number):
        return f"buildkit{number}:x"

    def version(self):
        text = subprocess.run([self.client, "version", "-f", "{{json .Server.Version}}"], env=self.env, stdout=subprocess.PIPE, text=True).stdout
        return f"dockerd {json.loads(text)} with its BuildKit"

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()
