// SPDX-License-Identifier: Apache-2.0
#include "support/registry_faults.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace resole::test {

namespace {

bool fits(const FaultMatch& match, const RegistryRequest& request) {
  return (match.kind.empty() || match.kind == request.kind) && (match.repository.empty() || match.repository == request.repository) &&
         (match.path.empty() || glob_match(match.path, request.path));
}

void change_a_byte(const HttpSeen& seen, HttpAnswer& answer) {
  const std::uint64_t size = answer.content ? answer.content->size : answer.body.size();
  if (size == 0 || seen.method == "HEAD") {
    for (auto& [name, value] : answer.fields) {
      if (lower(name) == "docker-content-digest") value.back() = value.back() == '0' ? '1' : '0';
    }
    return;
  }
  const std::uint64_t at = size / 2;
  if (!answer.content) {
    answer.body[at] = static_cast<char>(answer.body[at] ^ 1);
    return;
  }
  answer.content->read = [at, read = std::move(answer.content->read)](std::uint64_t offset, char* out, std::size_t count) {
    read(offset, out, count);
    if (at >= offset && at - offset < count) out[at - offset] = static_cast<char>(out[at - offset] ^ 1);
  };
}

void shorten(HttpAnswer& answer, std::size_t size) {
  answer.body.resize(std::min(answer.body.size(), size));
  if (answer.content) answer.content->size = std::min<std::uint64_t>(answer.content->size, size);
}

HttpAnswer replacement(const Fault& fault) {
  HttpAnswer answer{.status = fault.status, .body = fmt::format(R"({{"errors":[{{"code":"FAULT","message":"fault {}"}}]}})", fault.status)};
  answer.fields.emplace_back("Content-Type", "application/json");
  if (!fault.retry_after.empty()) answer.fields.emplace_back("Retry-After", fault.retry_after);
  return answer;
}

HttpAnswer spoilt(const Fault& fault, const HttpSeen& seen, HttpAnswer answer) {
  if (fault.status != 0) answer = replacement(fault);
  if (fault.wrong_digest) change_a_byte(seen, answer);
  if (fault.truncate) shorten(answer, *fault.truncate);
  if (fault.wrong_length != 0) {
    const std::uint64_t size = answer.content ? answer.content->size : answer.body.size();
    answer.announced_length = size + static_cast<std::uint64_t>(fault.wrong_length);
    answer.ranges = false;
  }
  if (fault.cut) answer.cut_after = fault.cut;
  if (fault.delay > 0) answer.delay = fault.delay;
  answer.duplicate |= fault.duplicate;
  answer.silent |= fault.silent;
  answer.reset |= fault.reset;
  if (fault.change) fault.change(answer);
  return answer;
}

}  // namespace

void FaultList::add(FaultMatch match, Fault fault) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({std::move(match), std::move(fault)});
}

void FaultList::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

std::size_t FaultList::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::optional<Fault> FaultList::strike(const RegistryRequest& request) {
  const std::lock_guard lock(mutex_);
  std::optional<Fault> found;
  for (Entry& entry : entries_) {
    if (!fits(entry.match, request) || ++entry.seen < entry.match.nth) continue;
    const bool spent = entry.fault.times != 0 && entry.seen >= entry.match.nth + entry.fault.times;
    if (!spent && !found) found = entry.fault;
  }
  if (found) ++struck_;
  return found;
}

HttpPlan with_fault(const Fault& fault, HttpPlan plan) {
  const bool instead = (fault.status != 0 || fault.silent) && !fault.executed;
  if (instead) {
    // What is not executed must not be seen by the plan's sink either.
    return {.answer = [fault](const HttpSeen& seen) { return spoilt(fault, seen, {}); },
            .sink = [](std::string_view) { return true; },
            .answer_first = fault.early};
  }
  if (fault.reset_mid_upload) plan.cut_after = fault.reset_mid_upload;
  plan.answer = [fault, answer = std::move(plan.answer)](const HttpSeen& seen) { return spoilt(fault, seen, answer(seen)); };
  return plan;
}

}  // namespace resole::test
