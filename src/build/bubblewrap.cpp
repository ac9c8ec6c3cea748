// SPDX-License-Identifier: Apache-2.0
// One bubblewrap for each script. It makes the namespaces and mounts, drops what is left of privileges and becomes the script; we look on: output is kept by
// its end, some of its system calls are answered here (traced_process.hpp), and what goes beyond the limits is killed with everything that it started.
//
// Nothing in the tree is trusted while bubblewrap still sees the machine: mount points are paths that were just proven to be real directories or files, since
// bubblewrap would follow a link there.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "build/call_handler.hpp"
#include "build/resource_watch.hpp"
#include "build/sandbox.hpp"
#include "build/traced_process.hpp"
#include "io/files.hpp"

namespace resole::build {

namespace {

constexpr int kPollMilliseconds = 50;
constexpr std::size_t kTail = 4096;          // bytes of output that are kept
constexpr std::size_t kStatusLimit = 64u << 10;
constexpr std::string_view kPolicyPath = "usr/sbin/policy-rc.d";
constexpr std::string_view kPolicy = "#!/bin/sh\nexit 101\n";  // invoke-rc.d(8): do not start or stop services

// What root needs to work on files that are all its own, and no power over the machine.
constexpr const char* kCapabilities[] = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
                                         "CAP_KILL",  "CAP_SETGID",       "CAP_SETUID",          "CAP_SETFCAP"};

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  for (const auto directory : split(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
    std::string file = fmt::format("{}/{}", directory, name);
    if (directory.starts_with('/') && access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

io::Descriptor memory_file(std::string_view bytes) {
  io::Descriptor file(memfd_create("resole-sandbox", MFD_CLOEXEC));
  if (!file) io::throw_errno(errno, "make", "a file in memory");
  io::write_fully(file.get(), bytes, "a file in memory");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

// The end of one output stream.
class Tail {
 public:
  void drain(int descriptor) {
    std::array<char, 65536> buffer;
    // Bounded, so that a script that writes without end does not keep us from looking at the clock.
    for (int pieces = 0; pieces < 16; ++pieces) {
      const ssize_t got = read(descriptor, buffer.data(), buffer.size());
      if (got <= 0) return;
      text_.append(buffer.data(), static_cast<std::size_t>(got));
      if (text_.size() > kTail) text_.erase(0, text_.size() - kTail);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Mount points that the tree does not have, for as long as the script runs.
class Scaffold {
 public:
  explicit Scaffold(const io::RootedDirectory& tree) : tree_(tree) {
    for (const char* name : {"dev", "proc"}) make_directory(name);
    policy_ = make_policy();
  }
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;
  ~Scaffold() {
    for (const std::string& name : directories_) unlinkat(tree_.descriptor(), name.c_str(), AT_REMOVEDIR);
    if (!made_policy_) return;
    const io::Descriptor sbin = tree_.open(std::string(kSbin), O_PATH | O_DIRECTORY);
    const auto now = facts_of(sbin.get(), "policy-rc.d");
    if (now && now->identity == *made_policy_) unlinkat(sbin.get(), "policy-rc.d", 0);
  }
  bool has_policy() const { return policy_; }
  bool has_tmp() const { return static_cast<bool>(tree_.open("tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW)); }

 private:
  static constexpr std::string_view kSbin = "usr/sbin";

  void make_directory(const std::string& name) {
    if (mkdirat(tree_.descriptor(), name.c_str(), 0755) == 0) directories_.push_back(name);
    if (!tree_.open(name, O_PATH | O_DIRECTORY | O_NOFOLLOW)) {
      throw Error(ErrorKind::input, fmt::format("/{} of the image is not a directory: scripts cannot run in it", name),
                  "make it a directory in the image, or leave the package at its version with --hold");
    }
  }

  bool make_policy() {
    const io::Descriptor sbin = tree_.open(std::string(kSbin), O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!sbin) return false;
    const io::Descriptor made(openat(sbin.get(), "policy-rc.d", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
    if (made) {
      if (const auto facts = facts_of(made.get(), "")) made_policy_ = facts->identity;
      return true;
    }
    const auto there = facts_of(sbin.get(), "policy-rc.d");
    return there && S_ISREG(there->mode);
  }

  const io::RootedDirectory& tree_;
  std::vector<std::string> directories_;
  std::optional<FileIdentity> made_policy_;
  bool policy_ = false;
};

// What bubblewrap says about itself (--json-status-fd): one JSON document in each line.
class Status {
 public:
  void drain(int descriptor) {
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = read(descriptor, buffer.data(), buffer.size())) > 0;) {
      if (text_.size() < kStatusLimit) text_.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  // The first process of the pid namespace, as seen from here; 0 while it is not known.
  int first_process() const { return number("child-pid").value_or(0); }
  // Only there when the script was started, and ended.
  std::optional<int> exit_code() const { return number("exit-code"); }

 private:
  std::optional<int> number(const char* name) const {
    for (const auto line : lines(text_)) {
      const Json json = Json::parse(line, nullptr, false);
      if (json.is_object() && json.contains(name) && json[name].is_number_integer()) return json[name].get<int>();
    }
    return std::nullopt;
  }

  std::string text_;
};

struct Running {
  std::vector<std::string> mounts, command, environment;
  std::string_view policy;               // "" = no policy-rc.d
};

class BubblewrapSandbox final : public Sandbox {
 public:
  explicit BubblewrapSandbox(const SandboxLimits& limits) : limits_(limits), program_(find_program("bwrap")) {}

  std::optional<SandboxObstacle> obstacle() override {
    std::call_once(tried_, [&] { obstacle_ = try_out(); });
    return obstacle_;
  }

  std::string architecture() const override { return std::string(host_architecture()); }

  ScriptOutcome run(const pkg::ScriptCall& call, SandboxTree& tree) override {
    const Scaffold scaffold(tree.root);
    const std::string root = std::filesystem::canonical(tree.root.path()).string();
    Running running;
    running.mounts = {"--bind", root, "/", "--dev", "/dev"};
    // Shared memory is memory; in the tree it counts as what the script writes.
    if (scaffold.has_tmp()) running.mounts.insert(running.mounts.end(), {"--bind", root + "/tmp", "/dev/shm"});
    running.mounts.insert(running.mounts.end(), {"--remount-ro", "/dev", "--proc", "/proc", "--remount-ro", "/proc"});
    if (scaffold.has_policy()) running.policy = kPolicy;
    running.command = call.arguments;
    running.environment = call.environment;
    return run(running, tree);
  }

 private:
  std::optional<SandboxObstacle> try_out() {
    if (program_.empty()) return SandboxObstacle{"bubblewrap is not installed", "install the package bubblewrap"};
    if (!machine_of(host_architecture())) return SandboxObstacle{"the system calls of this machine are not known", "run resole on amd64 or arm64"};
    try {
      const io::TemporaryDirectory scratch;
      const io::RootedDirectory empty(scratch.path());
      if (!empty.open("", O_PATH)) return SandboxObstacle{"the kernel has no openat2", "Linux 5.6 or newer is needed"};
      OwnerRecords owners;
      SandboxTree tree{empty, owners};
      Running running;
      running.mounts = {"--ro-bind", "/", "/", "--dev", "/dev", "--remount-ro", "/dev", "--proc", "/proc", "--remount-ro", "/proc"};
      running.command = {program_, "--version"};
      running.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
      const ScriptOutcome outcome = run(running, tree);
      if (outcome.exit_code == 0 && outcome.stopped.empty()) return std::nullopt;
      return cannot(outcome.stopped.empty() ? outcome.last_lines : outcome.stopped);
    } catch (const Error& error) {
      return cannot(error.message());
    }
  }

  static SandboxObstacle cannot(std::string_view why) {
    return {fmt::format("bubblewrap cannot make a sandbox here: {}", printable(trim(why))),
            "unprivileged user namespaces must be allowed (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns, the container's "
            "own seccomp profile), with bubblewrap 0.5 and Linux 5.6 or newer"};
  }

  std::vector<std::string> arguments(const Running& running, int seccomp, int status, int policy) const {
    std::vector<std::string> words = {program_};
    const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
    add({"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
    add({"--uid", "0", "--gid", "0", "--hostname", "localhost", "--die-with-parent", "--new-session", "--cap-drop", "ALL"});
    for (const char* capability : kCapabilities) add({"--cap-add", capability});
    words.insert(words.end(), running.mounts.begin(), running.mounts.end());
    if (policy >= 0) add({"--perms", "0755", "--ro-bind-data", std::to_string(policy), fmt::format("/{}", kPolicyPath)});
    add({"--chdir", "/", "--seccomp", std::to_string(seccomp), "--json-status-fd", std::to_string(status), "--"});
    words.insert(words.end(), running.command.begin(), running.command.end());
    return words;
  }

  ScriptOutcome run(const Running& running, SandboxTree& tree) const {
    const auto machine = machine_of(host_architecture());
    if (program_.empty() || !machine) throw Error(ErrorKind::internal, "a sandbox was used that is not there");
    const auto filter = confinement_filter(*machine);
    const io::Descriptor program = memory_file({reinterpret_cast<const char*>(filter.data()), filter.size() * sizeof(sock_filter)});
    const io::Descriptor policy = running.policy.empty() ? io::Descriptor() : memory_file(running.policy);
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) io::throw_errno(errno, "make", "a pipe");
    const io::Descriptor status(ends[0]);
    io::Descriptor told(ends[1]);
    fcntl(status.get(), F_SETFL, O_NONBLOCK);

    CallHandler calls(*machine, tree.root, tree.owners);
    TracedRequest request;
    request.arguments = arguments(running, program.get(), told.get(), policy.get());
    request.environment = running.environment;
    request.inherited = {program.get(), told.get()};
    if (policy) request.inherited.push_back(policy.get());
    request.filter = tracing_filter(*machine);
    const auto seconds = static_cast<rlim_t>(limits_.seconds) + 1;
    // RLIMIT_DATA and not RLIMIT_AS: the Java machine reserves addresses that it never uses.
    request.limits = {{RLIMIT_CORE, 0}, {RLIMIT_CPU, seconds}, {RLIMIT_FSIZE, limits_.disk}, {RLIMIT_DATA, limits_.memory}, {RLIMIT_NOFILE, 4096}};
    request.tasks = limits_.processes;
    request.starts_task = [machine](int number) { return watched_call(*machine, number) == Watched::start; };
    request.answer = [&calls](const TracedCall& call) { return calls.answer(call); };
    TracedProcess process(request);
    return look_after(process, status, std::move(told), tree);
  }

  ScriptOutcome look_after(TracedProcess& process, const io::Descriptor& told, io::Descriptor telling, const SandboxTree& tree) const {
    ScriptOutcome outcome;
    ResourceWatch watch(limits_, tree);
    Tail out, err;
    Status status;
    enum { output, errors, telling_us, ended, count };
    std::array<int, count> open = {process.output(), process.errors(), told.get(), process.ended()};
    for (bool over = false; !over;) {
      std::array<pollfd, count> watched{};
      for (std::size_t i = 0; i < count; ++i) watched[i] = {open[i], POLLIN, 0};
      poll(watched.data(), watched.size(), kPollMilliseconds);
      const auto ready = [&](std::size_t i) { return (watched[i].revents & POLLIN) != 0; };
      if (ready(output)) out.drain(process.output());
      if (ready(errors)) err.drain(process.errors());
      if (ready(telling_us)) status.drain(told.get());
      over = watched[ended].revents != 0;
      for (const std::size_t i : {output, errors, telling_us}) {
        if ((watched[i].revents & (POLLHUP | POLLERR)) != 0 && !ready(i)) open[i] = -1;  // nobody is at the other end any more
      }
      watch.begin(status.first_process());
      if (!over && process.full()) outcome.stopped = fmt::format("it started more than {} processes and threads", limits_.processes);
      else if (!over) outcome.stopped = watch.exceeded();
      over = over || !outcome.stopped.empty();
    }
    if (!outcome.stopped.empty()) process.kill();
    const int own_code = process.wait();
    telling.reset();
    out.drain(process.output());
    err.drain(process.errors());
    status.drain(told.get());
    outcome.last_lines = trim(err.text()).empty() ? out.text() : err.text();
    if (!outcome.stopped.empty()) {
      outcome.exit_code = own_code;
    } else if (const auto code = status.exit_code()) {
      outcome.exit_code = *code;
    } else {
      throw Error(ErrorKind::input, fmt::format("bubblewrap could not make the sandbox (exit code {}): {}", own_code, printable(trim(err.text()))));
    }
    return outcome;
  }

  const SandboxLimits limits_;
  const std::string program_;
  std::once_flag tried_;
  std::optional<SandboxObstacle> obstacle_;
};

}  // namespace

std::unique_ptr<Sandbox> bubblewrap_sandbox(const SandboxLimits& limits) { return std::make_unique<BubblewrapSandbox>(limits); }

}  // namespace resole::build
