// SPDX-License-Identifier: Apache-2.0
#include "forge/working_copy.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace resole::forge {

namespace {

constexpr std::string_view kBaseRef = "refs/remotes/origin/resole-base", kBranchRef = "refs/remotes/origin/resole-branch";
constexpr std::string_view kChangeSetTrailer = "Resole-Change-Set: ", kTreeTrailer = "Resole-Tree: ";
constexpr std::size_t kMostHeads = 200'000;

std::string line_of(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string zero_ended(const std::vector<std::string>& files) {
  std::string out;
  for (const auto& file : files) out += file + '\0';
  return out;
}

}  // namespace

Heads ask_for_heads(const Git& git) {
  Heads heads;
  const std::string out = git.run({"ls-remote", "--symref", "--", git.access().remote.url, "HEAD", "refs/heads/*"}, "asking the remote for its branches");
  for (const auto line : lines(out)) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view value = line.substr(0, tab), name = line.substr(tab + 1);
    if (value.starts_with("ref: refs/heads/") && name == "HEAD") heads.standard = value.substr(16);
    if (name.starts_with("refs/heads/") && heads.branches.size() < kMostHeads) heads.branches.emplace(name.substr(11), value);
  }
  return heads;
}

bool is_branch_name(std::string_view name) {
  if (name.empty() || name.size() > 200 || name == "@" || name.starts_with('-') || name.ends_with('.') || name.find("..") != std::string_view::npos) return false;
  if (name.find("@{") != std::string_view::npos) return false;
  for (const auto part : split(name, '/')) {
    if (part.empty() || part.starts_with('.') || part.ends_with(".lock")) return false;
  }
  return std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || std::string_view("~^:?*[\\").find(c) != std::string_view::npos; });
}

std::string free_branch_name(const std::string& name, const Heads& heads) {
  bool taken = false;
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) taken = taken || heads.branches.contains(name.substr(0, slash));
  const auto below = heads.branches.lower_bound(name + "/");
  taken = taken || (below != heads.branches.end() && below->first.starts_with(name + "/"));
  std::string free = name;
  if (taken) std::replace(free.begin(), free.end(), '/', '-');
  return free;
}

Tip read_commit(std::string_view commit, std::string_view id) {
  Tip tip;
  tip.commit = id;
  const std::size_t blank = commit.find("\n\n");
  std::size_t parents = 0;
  for (const auto line : lines(commit.substr(0, blank))) {
    if (line.starts_with("tree ")) tip.tree = line.substr(5);
    if (line.starts_with("parent ") && ++parents == 1) tip.parent = line.substr(7);
  }
  std::string tree;
  for (const auto line : lines(blank == std::string_view::npos ? std::string_view() : commit.substr(blank + 2))) {
    if (line.starts_with(kChangeSetTrailer)) tip.change_set = trim(line.substr(kChangeSetTrailer.size()));
    if (line.starts_with(kTreeTrailer)) tree = trim(line.substr(kTreeTrailer.size()));
  }
  tip.ours = parents == 1 && !tip.change_set.empty() && !tip.tree.empty() && tree == tip.tree;
  return tip;
}

WorkingCopy::WorkingCopy(const GitAccess& access, const io::Path& parent, const std::string& base, const std::string& branch, const Heads& heads, const std::string& directory)
    : git_(access, parent / "copy") {
  std::filesystem::create_directories(git_.directory());
  git_.run({"init", "--quiet"}, "making a repository");
  git_.run({"remote", "add", "--", "origin", access.remote.url}, "naming the remote");
  std::vector<std::string> fetch = {"fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "origin", fmt::format("+refs/heads/{}:{}", base, kBaseRef)};
  const bool has_branch = heads.branches.contains(branch);
  if (has_branch) fetch.push_back(fmt::format("+refs/heads/{}:{}", branch, kBranchRef));
  git_.run(fetch, "fetching " + printable(base));
  base_commit_ = line_of(git_.run({"rev-parse", "--verify", std::string(kBaseRef)}, "reading the base"));
  if (has_branch) {
    const std::string id = line_of(git_.run({"rev-parse", "--verify", std::string(kBranchRef)}, "reading the branch"));
    tip_ = read_commit(git_.run({"cat-file", "commit", id}, "reading the branch"), id);
  }
  if (!directory.empty()) git_.run({"sparse-checkout", "set", "--cone", "--", directory}, "choosing the directory");
  git_.run({"checkout", "--quiet", "--detach", std::string(kBaseRef), "--"}, "checking out " + printable(base));
}

std::string WorkingCopy::commit(const std::vector<std::string>& files, const std::string& message, const std::optional<Author>& author) {
  git_.run({"add", "--pathspec-from-file=-", "--pathspec-file-nul"}, "adding the files", zero_ended(files));
  const std::string tree = line_of(git_.run({"write-tree"}, "writing the tree"));
  std::vector<std::string> words;
  if (author) words = {"-c", "user.name=" + author->name, "-c", "user.email=" + author->email};
  words.insert(words.end(), {"commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-"});
  git_.run(words, "committing", fmt::format("{}{}{}\n", message, kTreeTrailer, tree));
  const std::string id = line_of(git_.run({"rev-parse", "--verify", "HEAD"}, "reading the commit"));
  const Tip made = read_commit(git_.run({"cat-file", "commit", id}, "reading the commit"), id);
  if (!made.ours || made.tree != tree) throw Error(ErrorKind::internal, "the commit is not what was asked for");
  return id;
}

bool WorkingCopy::branch_has(const std::vector<std::string>& files) const {
  if (!tip_) return false;
  const auto trees = [&](const std::string& revision) {
    std::vector<std::string> words = {"ls-tree", "-z", revision, "--"};
    words.insert(words.end(), files.begin(), files.end());
    return git_.run(words, "comparing with the branch");
  };
  return trees("HEAD") == trees(tip_->commit);
}

Pushed WorkingCopy::push(const std::string& branch) { return push_refspec(branch, "HEAD:refs/heads/" + branch, "pushing " + printable(branch)); }

Pushed WorkingCopy::remove(const std::string& branch) { return push_refspec(branch, ":refs/heads/" + branch, "deleting " + printable(branch)); }

Pushed WorkingCopy::push_refspec(const std::string& branch, const std::string& refspec, std::string_view wanted) {
  const std::string lease = fmt::format("--force-with-lease=refs/heads/{}:{}", branch, tip_ ? tip_->commit : "");
  const auto result = git_.attempt({"push", "--porcelain", "--no-verify", lease, "origin", refspec});
  if (result.exit_code == 0 && !result.timed_out) return Pushed::done;
  const std::string said = result.out + result.err;
  // git-push(1): the lease is judged by git itself ("stale info"), or lost to a push at the same moment, which the server tells.
  const bool raced = said.find("(stale info)") != std::string::npos || said.find("cannot lock ref") != std::string::npos ||
                     said.find("failed to update ref") != std::string::npos || said.find("reference already exists") != std::string::npos ||
                     said.find("Reference update failed") != std::string::npos || said.find("(fetch first)") != std::string::npos;
  if (raced) return Pushed::raced;
  throw git_.refusal(result, wanted);
}

}  // namespace resole::forge
