// SPDX-License-Identifier: Apache-2.0
#include "support/fake_mirror.hpp"

#include <fmt/format.h>

#include <mutex>

#include "base/digest.hpp"
#include "base/url.hpp"
#include "support/http_server.hpp"

namespace resole::test {

struct FakeMirror::State {
  std::mutex mutex;
  std::map<std::string, std::string> files;  // by path
  FaultList faults;
  std::size_t forgotten = 0;
  HttpServer server;  // last: its threads end before what they use is gone

  HttpPlan open(const HttpSeen& seen) {
    const auto fault = faults.strike(understand(seen));
    HttpPlan plan{.answer = [this](const HttpSeen& request) { return answer(request); }};
    return fault ? with_fault(*fault, std::move(plan)) : plan;
  }

  HttpAnswer answer(const HttpSeen& seen) {
    const std::lock_guard lock(mutex);
    const auto found = files.find(seen.path);
    if (found == files.end()) return {.status = 404, .body = "no such file\n"};
    return {.body = found->second, .etag = '"' + sha256_hex_of(found->second).substr(0, 16) + '"'};
  }
};

FakeMirror::FakeMirror() : state_(std::make_unique<State>()) {
  state_->server.open_rest([state = state_.get()](const HttpSeen& seen) { return state->open(seen); });
}
FakeMirror::~FakeMirror() = default;

std::string FakeMirror::url() const { return state_->server.url(""); }
std::string FakeMirror::host() const { return state_->server.host(); }

void FakeMirror::serve(const std::map<std::string, std::string>& files) {
  const std::lock_guard lock(state_->mutex);
  state_->files.clear();
  for (const auto& [url, bytes] : files) state_->files[Url::parse(url).path()] = bytes;
}

std::vector<std::string> FakeMirror::log() const {
  std::vector<std::string> out;
  for (const HttpSeen& seen : state_->server.seen()) out.push_back(fmt::format("{} {} {}", seen.method, seen.path, seen.status));
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(state_->forgotten));
  return out;
}

void FakeMirror::forget() { state_->forgotten = state_->server.seen().size(); }
void FakeMirror::fail(std::size_t nth_request, Fault fault) { state_->faults.add({.nth = nth_request}, std::move(fault)); }
void FakeMirror::stop_failing() { state_->faults.clear(); }
std::size_t FakeMirror::faults_struck() const { return state_->faults.struck(); }

}  // namespace resole::test
