// SPDX-License-Identifier: Apache-2.0
// Scripts in a real sandbox, honest and hostile. Skipped where none can be made.
#include "build/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "base/error.hpp"
#include "build/root_tree.hpp"
#include "build/system_calls.hpp"
#include "io/files.hpp"

namespace resole::build {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

class InSandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = bubblewrap_sandbox({})->obstacle()) GTEST_SKIP() << "needs bubblewrap: " << obstacle->reason;
    for (const char* program : {"/bin/sh", "/bin/chown", "/bin/sleep", "/bin/cat", "/bin/mknod", "/bin/chmod", "/bin/ls", "/bin/dd", "/bin/mv", "/bin/ln"}) {
      if (!test::copy_program(program, root())) GTEST_SKIP() << "needs " << program;
    }
    fs::create_directories(root() / "tmp");
    fs::create_directories(root() / "usr/sbin");
  }

  fs::path root() const { return directory_.path(); }

  ScriptOutcome run(const std::string& line, const SandboxLimits& limits = {.seconds = 60}) {
    const auto sandbox = bubblewrap_sandbox(limits);
    const io::RootedDirectory tree(root());
    SandboxTree where{tree, owners_};
    pkg::ScriptCall call;
    call.package = "tests";
    call.script = "postinst";
    call.arguments = {"/bin/sh", "-c", line};
    call.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    ScriptOutcome outcome = sandbox->run(call, where);
    EXPECT_FALSE(fs::exists(root() / "usr/sbin/policy-rc.d")) << "what was put there is taken away";
    EXPECT_FALSE(fs::exists(root() / "proc"));
    return outcome;
  }

  std::string text(const std::string& path) const {
    std::ifstream in(root() / path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const GivenOwner* owner(const std::string& path) {
    const auto facts = facts_of(AT_FDCWD, (root() / path).c_str());
    return facts ? owners_.given(facts->identity) : nullptr;
  }

  io::TemporaryDirectory directory_;
  OwnerRecords owners_;
};

TEST_F(InSandbox, RunsAsRootInTheTree) {
  const ScriptOutcome outcome = run("echo changed > /made; read x < /proc/self/uid_map; echo \"$x\" > /map; exit 3");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.stopped, "");
  EXPECT_EQ(text("made"), "changed\n");
  EXPECT_EQ(text("map").substr(0, 1), "0");
}

TEST_F(InSandbox, KeepsTheLastLines) {
  EXPECT_EQ(run("echo fine; echo bad >&2; exit 1").last_lines, "bad\n");
  EXPECT_EQ(run("echo fine").last_lines, "fine\n");
  const std::string last = run("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done").last_lines;
  EXPECT_LE(last.size(), 4096u);
  EXPECT_TRUE(last.ends_with("line 19999\n"));
}

TEST_F(InSandbox, SeesNothingOfTheMachine) {
  EXPECT_EQ(run("ls / > /list; ls -a /proc/1/root/ >> /list; [ ! -e /etc/hostname ] && [ ! -e /home ] && [ ! -e /oldroot ] && [ ! -e /newroot ]").exit_code, 0) << text("list");
  EXPECT_EQ(run("ls /proc > /list; n=0; while read p; do case $p in [0-9]*) n=$((n+1));; esac; done < /list; [ $n -lt 10 ]").exit_code, 0);
  EXPECT_NE(run("echo x > /proc/sys/kernel/core_pattern").exit_code, 0);
  EXPECT_NE(run("echo x > /dev/made").exit_code, 0);
  EXPECT_EQ(run("echo x > /dev/null; echo x > /dev/shm/made").exit_code, 0);
}

TEST_F(InSandbox, HasNoNetwork) {
  run("cat /proc/net/dev > /devices; cat /proc/net/route > /routes");
  EXPECT_EQ(text("devices").find("eth"), std::string::npos) << text("devices");
  EXPECT_NE(text("devices").find("lo:"), std::string::npos);
  EXPECT_EQ(text("routes").find("\n", text("routes").find('\n') + 1), std::string::npos) << "no route but the heading";
}

TEST_F(InSandbox, RecordsOwners) {
  std::ofstream(root() / "file") << "x";
  std::ofstream(root() / "other") << "x";
  fs::create_symlink("/file", root() / "link");
  fs::create_directories(root() / "etc/deep");
  std::ofstream(root() / "etc/deep/inside") << "x";
  EXPECT_EQ(run("chown 33:44 /link && chown -h 55 /link && cd /etc && chown -R 7:8 deep && chown :9 ../other && mv /file /renamed").exit_code, 0);
  ASSERT_TRUE(owner("renamed")) << "the owner goes with the file";
  EXPECT_EQ(owner("renamed")->user, 33u);
  EXPECT_EQ(owner("renamed")->group, 44u);
  ASSERT_TRUE(owner("link"));
  EXPECT_EQ(owner("link")->user, 55u);
  EXPECT_FALSE(owner("link")->group);
  ASSERT_TRUE(owner("etc/deep/inside"));
  EXPECT_EQ(owner("etc/deep/inside")->group, 8u);
  ASSERT_TRUE(owner("etc/deep"));
  ASSERT_TRUE(owner("other"));
  EXPECT_FALSE(owner("other")->user);
  EXPECT_EQ(owner("other")->group, 9u);
}

TEST_F(InSandbox, ScriptsSeeOwners) {
  if (!test::copy_program("/usr/bin/stat", root()) || !test::copy_program("/bin/sed", root()) || !test::copy_program("/bin/cp", root())) GTEST_SKIP() << "needs stat, sed, cp";
  std::ofstream(root() / "of-image") << "1";
  owners_.know(facts_of(AT_FDCWD, (root() / "of-image").c_str())->identity, {33, 44});
  fs::create_directories(root() / "etc");
  fs::create_symlink("/of-image", root() / "etc/link");
  EXPECT_EQ(run("exec > /seen; cd /etc; stat -c '%u:%g %s' /of-image; stat -L -c %u link; stat -c %u link; stat -c %u - < /of-image; ls -ln /of-image; stat -c %u /proc/1").exit_code, 0);
  EXPECT_TRUE(text("seen").starts_with("33:44 1\n33\n0\n33\n-rw-r--r-- 1 33 44 1 ")) << text("seen");
  EXPECT_TRUE(text("seen").ends_with("\n0\n")) << text("seen");
  EXPECT_EQ(run("chown 5 /of-image; stat -c %u:%g /of-image > /seen; cp -p /of-image /copied; sed -i s/1/2/ /of-image").exit_code, 0);
  EXPECT_EQ(text("seen"), "5:44\n");
  EXPECT_EQ(text("of-image"), "2");
  for (const char* path : {"copied", "of-image"}) {
    ASSERT_TRUE(owner(path)) << path;
    EXPECT_EQ(owner(path)->user, 5u) << path;
    EXPECT_EQ(owner(path)->group, 44u) << path;
  }
}

// A shell whose children end all the time: no call of it may be interrupted by that because it is looked at from outside.
TEST_F(InSandbox, SignalsInterruptNoCall) {
  const ScriptOutcome outcome = run("i=0; while [ $i -lt 300 ]; do ( : ) & [ -e /bin/sh ] || exit 9; chown 1 /tmp || exit 8; i=$((i+1)); done; wait");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.last_lines;
  EXPECT_EQ(outcome.last_lines, "");
}

TEST_F(InSandbox, ChownFailsWhereItShould) {
  const ScriptOutcome outcome = run("chown 1 /missing");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.last_lines.find("No such file"), std::string::npos) << outcome.last_lines;
}

TEST_F(InSandbox, ChownTakesPrivilegesAway) {
  std::ofstream(root() / "program") << "x";
  EXPECT_EQ(run("chmod 6755 /program && chown 1 /program").exit_code, 0);
  EXPECT_EQ(fs::status(root() / "program").permissions(), fs::perms(0755));
}

TEST_F(InSandbox, OwnersOfWhatIsOutsideAreNobodys) {
  std::ofstream(root() / "file") << "x";
  fs::create_symlink("../../../../../../../../../../etc/passwd", root() / "out");
  fs::create_directories(root() / "etc");
  std::ofstream(root() / "etc/passwd") << "root:x:0:0:::\n";
  struct stat before {};
  ASSERT_EQ(stat("/etc/passwd", &before), 0);
  EXPECT_EQ(run("chown 1:1 /out").exit_code, 0);
  EXPECT_TRUE(owner("etc/passwd")) << "inside the tree, as a process in it sees the link";
  struct stat after {};
  ASSERT_EQ(stat("/etc/passwd", &after), 0);
  EXPECT_EQ(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
}

TEST_F(InSandbox, PretendsDevices) {
  EXPECT_EQ(run("mknod /device c 1 3 && mknod /fifo p").exit_code, 0);
  EXPECT_FALSE(fs::exists(root() / "device"));
  EXPECT_TRUE(fs::is_fifo(root() / "fifo"));
}

TEST_F(InSandbox, ServicesAreNotStarted) {
  EXPECT_EQ(run("/usr/sbin/policy-rc.d ssh start; [ $? = 101 ]").exit_code, 0);
}

// ---- hostile

TEST_F(InSandbox, EndsWhatTakesTooLong) {
  const auto start = std::chrono::steady_clock::now();
  const ScriptOutcome outcome = run("sleep 1000", {.seconds = 1});
  EXPECT_NE(outcome.stopped.find("did not end within"), std::string::npos) << outcome.stopped;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST_F(InSandbox, EndsWhatStaysBehind) {
  // A process that left the script's session and ignores signals still ends with it.
  EXPECT_EQ(run("(trap '' HUP TERM INT; echo $$ > /pid; while :; do sleep 0.01; echo x >> /alive; done) & while ! [ -s /alive ]; do sleep 0.05; done; exit 0").exit_code, 0);
  const std::string before = text("alive");
  EXPECT_NE(before, "");
  io::run_process({.arguments = {"sleep", "0.3"}});
  EXPECT_EQ(text("alive"), before);
}

TEST_F(InSandbox, EndsForksWithoutEnd) {
  const ScriptOutcome outcome = run("f() { f | f & }; f; sleep 30", {.seconds = 60, .processes = 200});
  EXPECT_NE(outcome.stopped.find("processes"), std::string::npos) << outcome.stopped << outcome.last_lines;
}

TEST_F(InSandbox, EndsFullDisks) {
  const ScriptOutcome outcome = run("i=0; while :; do dd if=/dev/zero of=/fill-$i bs=1048576 count=8 2>/dev/null; i=$((i+1)); done", {.seconds = 60, .disk = 64u << 20});
  EXPECT_NE(outcome.stopped.find("wrote more than"), std::string::npos) << outcome.stopped << outcome.last_lines;
}

// What has no name is in no directory that could be measured.
TEST_F(InSandbox, EndsFullDisksOfRemovedFiles) {
  if (!test::copy_program("/bin/rm", root())) GTEST_SKIP() << "needs rm";
  const ScriptOutcome outcome = run(
      "for i in 3 4 5 6 7 8 9; do eval \"exec $i>/fill\"; rm /fill; eval \"dd if=/dev/zero bs=1048576 count=16 >&$i 2>/dev/null\"; done; sleep 20",
      {.seconds = 60, .disk = 64u << 20});
  EXPECT_NE(outcome.stopped.find("wrote more than"), std::string::npos) << outcome.stopped << outcome.last_lines;
}

TEST_F(InSandbox, EndsFilesInMemory) {
  if (!test::copy_program("/usr/bin/perl", root())) GTEST_SKIP() << "needs perl";
  const std::string number = host_architecture() == "amd64" ? "319" : "279";  // memfd_create
  const ScriptOutcome outcome = run("perl -e 'for (1..7) { my $n = q(x); my $f = syscall(" + number +
                                        ", $n, 0); open(my $h, q(>&=), $f) or die $!; push @all, $h; syswrite($h, q(x) x (1 << 20)) for 1..16 } sleep 20'",
                                    {.seconds = 60, .disk = 64u << 20});
  EXPECT_NE(outcome.stopped.find("wrote more than"), std::string::npos) << outcome.stopped << outcome.last_lines;
}

TEST_F(InSandbox, OneFileIsBounded) {
  EXPECT_NE(run("dd if=/dev/zero of=/fill bs=1048576 count=100", {.seconds = 60, .disk = 32u << 20}).exit_code, 0);
  EXPECT_LE(fs::file_size(root() / "fill"), 32u << 20);
}

TEST_F(InSandbox, EndsTooManyFiles) {
  const ScriptOutcome outcome = run("i=0; while :; do : > /tmp/f$i; i=$((i+1)); done", {.seconds = 60, .files = 2000});
  EXPECT_NE(outcome.stopped.find("files"), std::string::npos) << outcome.stopped;
}

TEST_F(InSandbox, CannotKillWhatIsOutside) {
  EXPECT_EQ(run("kill -9 -1; kill -9 1; exit 7").exit_code, 7);  // the shell does not get its own signal to -1, the first process ignores it
}

TEST_F(InSandbox, OutputWithoutEndIsBoundedByTime) {
  const ScriptOutcome outcome = run("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", {.seconds = 1});
  EXPECT_NE(outcome.stopped, "");
  EXPECT_LE(outcome.last_lines.size(), 4096u);
}

TEST_F(InSandbox, HostileMountPointsAreRefused) {
  fs::create_directory_symlink("/tmp", root() / "dev");
  EXPECT_THROW(run("true"), Error);
  fs::remove(root() / "dev");
  // A link where the policy would go leads nowhere either.
  fs::remove(root() / "usr/sbin");
  fs::create_directory_symlink("/oldroot/tmp", root() / "usr/sbin");
  EXPECT_EQ(run("exit 0").exit_code, 0);
  EXPECT_FALSE(fs::exists("/tmp/policy-rc.d"));
}

}  // namespace
}  // namespace resole::build
