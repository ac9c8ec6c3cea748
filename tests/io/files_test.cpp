// SPDX-License-Identifier: Apache-2.0
#include "io/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using namespace io;

class FilesTest : public testing::Test {
 protected:
  io::Path path(const std::string& name) const { return directory.path() / name; }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()));
  }
  void plant(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  TemporaryDirectory directory;
};

// Runs `body` in a child, so that limits and mounts stay there; its result is the exit code.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(body());
    } catch (...) {
      _exit(99);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(FilesTest, ReadsMapsAndStreams) {
  plant("a", "some bytes");
  plant("empty", "");
  EXPECT_EQ(read_file(path("a"), 10), "some bytes");
  EXPECT_EQ(error_of([&] { read_file(path("a"), 9); }).kind(), ErrorKind::input);
  EXPECT_EQ(map_file(path("a")).bytes(), "some bytes");
  EXPECT_EQ(map_file(path("empty")).size(), 0u);
  EXPECT_EQ(read_all(*open_file(path("a")), 100, "a"), "some bytes");
  EXPECT_EQ(read_all(*open_file(path("a"), 5), 100, "a"), "bytes");
  EXPECT_EQ(read_all(*open_file(path("a"), 50), 100, "a"), "");
}

TEST_F(FilesTest, ErrorsNameThePathAndTheReason) {
  const auto check = [](const Error& error, const std::string& name, const std::string& reason) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(contains(error.message(), name) && contains(error.message(), reason)) << error.message();
    EXPECT_FALSE(error.hint().empty());
  };
  check(error_of([&] { read_file(path("absent"), 10); }), path("absent"), "no such file");
  check(error_of([&] { map_file(path("absent")); }), path("absent"), "no such file");
  check(error_of([&] { open_file(path("absent")); }), path("absent"), "no such file");
  check(error_of([&] { read_file(directory.path(), 10); }), directory.path(), "is a directory");
  check(error_of([&] { map_file(directory.path()); }), directory.path(), "is a directory");
  check(error_of([&] { open_file(directory.path()); }), directory.path(), "is a directory");
  check(error_of([&] { write_file_atomic(path("no/where"), "x"); }), path("no"), "no such file");
  check(error_of([&] { write_file_atomic(directory.path(), "x"); }), directory.path(), "is a directory");
  check(error_of([&] { write_file_atomic("/dev/full", std::string(10, 'x')); }), "/dev/full", "no space left on device");
  EXPECT_FALSE(contains(error_of([&] { read_file(path("a\x1b[2Jb"), 10); }).message(), "\x1b"));
}

TEST_F(FilesTest, PermissionDenied) {
  if (geteuid() != 0) GTEST_SKIP() << "becomes another user, which needs root";
  plant("a", "x");
  chmod(path("a").c_str(), 0600);
  chmod(directory.path().c_str(), 0755);
  EXPECT_EQ(in_child([&] {
              if (setuid(65534) != 0) return 1;
              const Error error = error_of([&] { read_file(path("a"), 10); });
              return contains(error.message(), "permission denied") && contains(error.message(), path("a").native()) ? 0 : 2;
            }),
            0);
}

TEST_F(FilesTest, AtomicFileAppearsWhole) {
  plant("a", "old");
  {
    AtomicFile file(path("a"));
    file.write(std::string(300000, 'n'));
    EXPECT_EQ(file.size(), 300000u);
    EXPECT_EQ(read_file(path("a"), 100), "old");
    EXPECT_EQ(entries(), 2u);
    file.commit();
  }
  EXPECT_EQ(read_file(path("a"), 1 << 20), std::string(300000, 'n'));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FilesTest, AbandonedAtomicFileLeavesNothing) {
  plant("a", "old");
  { AtomicFile(path("a")).write("new"); }
  { AtomicFile(path("b")).write("new"); }
  EXPECT_EQ(read_file(path("a"), 100), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FilesTest, CommitUnderAnotherName) {
  AtomicFile file(path("unnamed"));
  file.write("content");
  file.commit_as(path("sha256-abc"), false);
  EXPECT_EQ(read_file(path("sha256-abc"), 100), "content");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FilesTest, KeepsTheModeOfTheReplacedFile) {
  plant("a", "old");
  chmod(path("a").c_str(), 0664);
  write_file_atomic(path("a"), "new");
  struct stat status {};
  stat(path("a").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0664u);
}

TEST_F(FilesTest, ReplacesASymbolicLinkInsteadOfFollowingIt) {
  plant("victim", "old");
  fs::create_symlink(path("victim"), path("link"));
  write_file_atomic(path("link"), "new");
  EXPECT_EQ(read_file(path("victim"), 100), "old");
  EXPECT_EQ(read_file(path("link"), 100), "new");
  EXPECT_FALSE(fs::is_symlink(path("link")));
}

TEST_F(FilesTest, DevicesAndPipesAreWrittenInPlace) {
  write_file_atomic("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = read_file(path("pipe"), 100); });
  write_file_atomic(path("pipe"), "through the pipe");
  reader.join();
  EXPECT_EQ(received, "through the pipe");
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

// A reader sees the old or the new bytes at any moment of a writer that is killed at any moment.
TEST_F(FilesTest, KilledWriterLeavesOldOrNew) {
  const std::string old_bytes(200000, 'o'), new_bytes(200000, 'n');
  write_file_atomic(path("a"), old_bytes);
  for (int delay = 0; delay < 8; ++delay) {
    const pid_t child = fork();
    if (child == 0) {
      for (bool flip = false;; flip = !flip) write_file_atomic(path("a"), flip ? old_bytes : new_bytes, false);
    }
    usleep(static_cast<useconds_t>(2000 + 700 * delay));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string found = read_file(path("a"), 1 << 20);
    EXPECT_TRUE(found == old_bytes || found == new_bytes) << found.size();
  }
}

TEST_F(FilesTest, FileSizeLimit) {
  plant("a", "old");
  EXPECT_EQ(in_child([&] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{100000, 100000};
              setrlimit(RLIMIT_FSIZE, &limit);
              const Error error = error_of([&] { write_file_atomic(path("a"), std::string(1 << 20, 'x')); });
              return contains(error.message(), path("a").native()) && contains(error.message(), "file too large") ? 0 : 1;
            }),
            0);
  EXPECT_EQ(read_file(path("a"), 100), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FilesTest, FullDisk) {
  plant("keep", "");
  const int code = in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=128k") != 0) {
      return 77;
    }
    plant("a", "old");
    const Error error = error_of([&] { write_file_atomic(path("a"), std::string(1 << 20, 'x')); });
    const bool said = contains(error.message(), "no space left on device") && contains(error.message(), path("a").native());
    return said && read_file(path("a"), 100) == "old" && entries() == 1 ? 0 : 1;
  });
  if (code == 77) GTEST_SKIP() << "mounting a small file system is not permitted here";
  EXPECT_EQ(code, 0);
}

TEST_F(FilesTest, CloneFile) {
  const std::string bytes = noise(3 << 20);
  write_file_atomic(path("a"), bytes, false);
  chmod(path("a").c_str(), 0640);
  clone_file(path("a"), path("b"));
  EXPECT_EQ(read_file(path("b"), 1u << 30), bytes);
  EXPECT_EQ(error_of([&] { clone_file(path("a"), path("b")); }).kind(), ErrorKind::input);
  EXPECT_EQ(error_of([&] { clone_file(path("absent"), path("c")); }).kind(), ErrorKind::input);
  EXPECT_EQ(entries(), 2u);
}

class SpoolTest : public FilesTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(SpoolTest, AppendsReadsAndUndoes) {
  const auto spool = temporary_spool(directory.path());
  std::string expected;
  for (unsigned i = 0; expected.size() < GetParam(); ++i) {
    const std::string part = noise(997, i + 1);
    spool->write(part);
    expected += part;
  }
  EXPECT_EQ(spool->size(), expected.size());
  EXPECT_EQ(read_all(*spool->open(), 1u << 30, "spool"), expected);
  EXPECT_EQ(read_all(*spool->open(500), 1u << 30, "spool"), expected.substr(500));
  EXPECT_EQ(read_all(*spool->open(expected.size()), 1u << 30, "spool"), "");
  spool->truncate(expected.size() - 700);
  spool->write("tail");
  expected = expected.substr(0, expected.size() - 700) + "tail";
  EXPECT_EQ(read_all(*spool->open(), 1u << 30, "spool"), expected);
  spool->truncate(3);
  spool->write("x");
  EXPECT_EQ(read_all(*spool->open(), 1u << 30, "spool"), expected.substr(0, 3) + "x");
  EXPECT_EQ(error_of([&] { spool->truncate(5); }).kind(), ErrorKind::internal);
  EXPECT_EQ(entries(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, SpoolTest, testing::Values(2000, 255u << 10, 257u << 10, 3u << 20));

TEST_F(FilesTest, TemporaryDirectoryIsRemovedWithAllItHolds) {
  Path gone;
  {
    const TemporaryDirectory temporary(directory.path());
    gone = temporary.path();
    fs::create_directories(gone / "a/b");
    std::ofstream(gone / "a/b/c") << "x";
    fs::create_symlink(directory.path(), gone / "out");
    plant("outside", "x");
    fs::permissions(gone / "a", fs::perms::none);
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(path("outside")));
}

TEST_F(FilesTest, LockExcludesThreadsAndProcesses) {
  std::atomic<int> inside = 0;
  std::atomic<bool> clash = false;
  const auto work = [&] {
    for (int i = 0; i < 20; ++i) {
      const FileLock lock(path("lock"));
      if (++inside != 1) clash = true;
      std::this_thread::yield();
      --inside;
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_FALSE(clash);

  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FileLock lock(path("lock"));
    (void)!write(pipes[1], "x", 1);
    usleep(100000);
    plant("done", "x");
    _exit(0);
  }
  char byte;
  ASSERT_EQ(read(pipes[0], &byte, 1), 1);
  const FileLock lock(path("lock"));
  EXPECT_TRUE(fs::exists(path("done")));
  waitpid(child, nullptr, 0);
  close(pipes[0]);
  close(pipes[1]);
}

}  // namespace
}  // namespace resole::test
