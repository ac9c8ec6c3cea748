// SPDX-License-Identifier: Apache-2.0
#include "forge/api.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::forge {

namespace {

constexpr std::size_t kLargestAnswer = 32u << 20;
constexpr unsigned kDeepestAnswer = 60;
constexpr std::size_t kMostMessage = 400;
constexpr double kLongestWait = 60;  // seconds; a limit that lasts longer is for the next run

class AnswerBody : public io::HttpReceiver {
 public:
  explicit AnswerBody(const std::string& name) : name_(name) {}
  bool head(const io::HttpHead&) override {
    bytes_.clear();
    return true;
  }
  bool body(std::string_view bytes) override {
    if (bytes_.size() + bytes.size() > kLargestAnswer) throw Error(ErrorKind::network, fmt::format("{} answered with more than {}", name_, human_size(kLargestAnswer)));
    bytes_.append(bytes);
    return true;
  }
  std::string take() { return std::move(bytes_); }

 private:
  const std::string& name_;
  std::string bytes_;
};

// Seconds until the forge wants to hear of us again, negative when it says nothing of the kind. GitHub answers 403 or 429, with Retry-After (secondary
// limits) or with a count of zero and the time when it starts anew; GitLab 429 with both.
double wait_of(const io::HttpHead& head, std::int64_t now) {
  if (head.status != 403 && head.status != 429) return -1;
  if (const double wait = io::retry_after_seconds(head, now); wait >= 0) return wait;
  for (const char* kind : {"x-ratelimit", "ratelimit"}) {
    const std::string* left = head.field(std::string(kind) + "-remaining");
    const std::string* reset = head.field(std::string(kind) + "-reset");
    const auto count = left ? parse_unsigned(trim(*left)) : std::nullopt;
    const auto time = reset ? parse_unsigned(trim(*reset)) : std::nullopt;
    if (count && *count == 0 && time) return std::max(0.0, static_cast<double>(static_cast<std::int64_t>(*time) - now));
  }
  return head.status == 429 ? 0 : -1;
}

void add_words(const Json& json, std::vector<std::string>& words, unsigned depth) {
  if (words.size() >= 5 || depth > 4) return;
  if (json.is_string()) {
    words.push_back(json.get<std::string>());
  } else if (json.is_array() || json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (key != "documentation_url" && key != "url") add_words(value, words, depth + 1);
    }
  }
}

std::string_view api_hint(int status) {
  switch (status) {
    case 401:
      return "the token is not accepted: is it the right one for this forge, and not expired?";
    case 403:
      return "the token may not do this: it needs to read and write change requests of the repository";
    case 404:
      return "no such repository, or the token may not see it: check --remote, --project and --forge-api";
    case 301:
    case 302:
    case 307:
    case 308:
      return "the repository has moved: name its new place with --remote";
    case 409:
    case 422:
      return "the forge does not take this as it is: its reason stands above";
    default:
      return status >= 500 ? "the forge has a problem: try again later" : "the reason is the forge's own: ask its operator";
  }
}

}  // namespace

std::string message_of(std::string_view body) {
  if (body.empty() || body.size() > (1u << 20) || body.front() != '{') return {};
  try {
    const Json json = parse_json(body, "answer", {.bytes = 1u << 20, .depth = 20});
    std::vector<std::string> words;
    for (const char* key : {"message", "error", "error_description", "errors"}) {
      if (const auto found = json.find(key); found != json.end()) add_words(*found, words, 0);
    }
    return printable(join(words, "; "), kMostMessage);
  } catch (const Error&) {
    return {};
  }
}

std::optional<io::Trouble> Api::attempt(const ApiCall& call, ApiAnswer& answer) {
  const bool is_whole = call.path.starts_with("http://") || call.path.starts_with("https://");
  std::string base = access_.base.text();
  while (base.ends_with('/')) base.pop_back();
  const Url url = Url::parse(is_whole ? call.path : base + call.path);
  io::HttpRequest request{.url = url, .fields = access_.fields};
  request.method = call.method;
  request.authorization = access_.authorization;
  request.reach = io::Reach::named;
  request.tls = access_.tls;
  request.fields.push_back("Accept: application/json");
  if (!call.body.empty()) {
    request.fields.push_back("Content-Type: application/json");
    request.body = io::HttpBody{opener_of(call.body), call.body.size()};
  }
  AnswerBody body(access_.name);
  const io::HttpOutcome outcome = access_.client.send(request, body);
  answer = {outcome.head.status, body.take()};
  const std::int64_t now = access_.clock.now();
  if (const double wait = wait_of(outcome.head, now); wait >= 0) {
    const std::string said = message_of(answer.body);
    Error error(ErrorKind::throttled, fmt::format("{} wants fewer requests{}{}", access_.name, wait > 0 ? fmt::format(", for {} more", human_duration(wait)) : "", said.empty() ? "" : ": " + said),
                "run again after that time, or with a token of another account");
    return io::Trouble{std::move(error), wait <= kLongestWait, wait > 0 ? wait : -1};
  }
  auto trouble = io::passing_trouble_of(outcome, access_.name, url, now);
  if (trouble && !call.repeatable) trouble->again = false;
  return trouble;
}

ApiAnswer Api::call(const ApiCall& call) {
  ApiAnswer answer;
  io::with_retries(access_.retries, [&] { return attempt(call, answer); });
  return answer;
}

Json Api::ask(const ApiCall& each, std::string_view wanted) {
  const ApiAnswer answer = call(each);
  if (!answer.good()) throw refusal(answer, wanted);
  if (answer.body.empty()) return Json::object();
  try {
    return parse_json(answer.body, "answer", {.bytes = kLargestAnswer, .depth = kDeepestAnswer});
  } catch (const Error& error) {
    throw Error(ErrorKind::network, fmt::format("{}: {} answered something that is no JSON: {}", wanted, access_.name, error.message()), "is --forge-api the place of its API?");
  }
}

Error Api::refusal(const ApiAnswer& answer, std::string_view wanted) const {
  const std::string_view reason = io::status_reason(answer.status);
  const std::string said = message_of(answer.body);
  std::string message = fmt::format("{}: {} answers {}{}{}", wanted, access_.name, answer.status, reason.empty() ? "" : fmt::format(" {}", reason), said.empty() ? "" : fmt::format(" ({})", said));
  return {ErrorKind::network, std::move(message), std::string(api_hint(answer.status))};
}

}  // namespace resole::forge
