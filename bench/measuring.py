# SPDX-License-Identifier: Apache-2.0
"""What a command cost: time, CPU with all children, peak memory, bytes over the network, requests to the registry.

Bytes are the interfaces' own counters, so that every contestant is counted alike: what loopback carried is the traffic with the registry, what
the others received is the traffic with the package mirror. A daemon that works for the command is counted by the CPU of its processes.
"""
import json
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUPPORT = os.path.join(ROOT, "integration", "support")
COUNTED = ("wall", "cpu", "peakMiB", "mirrorMB", "registryMB", "requests")


def network():
    """(bytes over loopback, bytes received from elsewhere) since the machine started."""
    near = far = 0
    with open("/proc/net/dev") as handle:
        for line in list(handle)[2:]:
            name, counters = line.split(":", 1)
            received = int(counters.split()[0])
            near, far = (near + received, far) if name.strip() == "lo" else (near, far + received)
    return near, far


def cpu_of(pids):
    """Seconds of the processes and the children that they have waited for."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as handle:
            fields = handle.read().rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_of(pids):
    peak = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as handle:
            peak = max([peak] + [int(line.split()[1]) for line in handle if line.startswith("VmHWM")])
    return peak / 1024


class Registry:
    """A docker-registry on loopback that counts what it is asked."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "registry")
        self.log = os.path.join(directory, "registry.log")
        port_file = os.path.join(directory, "registry.port")
        self.process = subprocess.Popen([os.path.join(SUPPORT, "real-registry"), "--dir", self.directory, "--port-file", port_file,
                                         "--access-log", self.log])
        for _ in range(200):
            if os.path.exists(port_file):
                break
            time.sleep(0.05)
        else:
            sys.exit("bench/compare: docker-registry does not answer")
        with open(port_file) as handle:
            self.host = f"localhost:{handle.read()}"

    def requests(self):
        with open(self.log) as handle:
            return sum(1 for line in handle if '"' in line)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Measuring:
    def __init__(self, directory, registry):
        self.directory, self.registry = directory, registry

    def __call__(self, *command, accept=(0,), daemons=(), env=None):
        cost, log = os.path.join(self.directory, "cost.json"), os.path.join(self.directory, "log")
        before, asked, used = network(), self.registry.requests(), cpu_of(daemons)
        with open(log, "w") as handle:
            code = subprocess.run([os.path.join(SUPPORT, "measure"), "--json", cost, "--limit-seconds", "900", "--", *command], stdout=handle,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env).returncode
        with open(log) as handle:
            self.said = handle.read()
        if code not in accept:
            sys.exit(f"bench/compare: exit {code}: {' '.join(command)}\n{self.said[-3000:]}")
        with open(cost) as handle:
            measured = json.load(handle)
        after = network()
        measured["cpu"] += cpu_of(daemons) - used
        measured["peakMiB"] = max(measured["peakMiB"], peak_of(daemons))
        measured["registryMB"] = (after[0] - before[0]) / 1e6
        measured["mirrorMB"] = (after[1] - before[1]) / 1e6
        measured["requests"] = self.registry.requests() - asked
        return measured


def together(*costs):
    """One after the other: what they cost as a whole."""
    return {name: (max if name == "peakMiB" else sum)(cost[name] for cost in costs) for name in COUNTED}
