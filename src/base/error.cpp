// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

namespace resole {

namespace {

struct KindFacts {
  ErrorKind kind;
  int exit_code;
  std::string_view name;
};

constexpr KindFacts kKinds[] = {
    {ErrorKind::internal, 1, "internal"},         {ErrorKind::usage, 2, "usage"},          {ErrorKind::input, 3, "input"},
    {ErrorKind::verification, 4, "verification"}, {ErrorKind::network, 5, "network"},      {ErrorKind::refused, 6, "refused"},
    {ErrorKind::unsupported, 8, "unsupported"},   {ErrorKind::throttled, 75, "throttled"}, {ErrorKind::interrupted, 130, "interrupted"},
};

const KindFacts& facts(ErrorKind kind) {
  for (const KindFacts& entry : kKinds) {
    if (entry.kind == kind) return entry;
  }
  return kKinds[0];
}

}  // namespace

int exit_code(ErrorKind kind) { return facts(kind).exit_code; }

std::string_view kind_name(ErrorKind kind) { return facts(kind).name; }

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)), rendered_(message_) {}

void Error::add_context(std::string where) {
  rendered_ = where + ": " + rendered_;
  context_.push_back(std::move(where));
}

}  // namespace resole
