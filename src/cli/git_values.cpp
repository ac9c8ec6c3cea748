// SPDX-License-Identifier: Apache-2.0
// Values of options about git and forges.
#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "cli/option_values.hpp"
#include "forge/remote.hpp"
#include "forge/working_copy.hpp"
#include "io/url_parts.hpp"

namespace resole::cli {

namespace {

[[noreturn]] void refuse_value(std::string message, std::string hint = {}) { throw Error(ErrorKind::usage, std::move(message), std::move(hint)); }

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string remote_value(std::string_view text) {
  forge::parse_remote(text);
  return std::string(text);
}

std::string inner_path_value(std::string_view text) {
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  if (text == ".") return ".";
  const auto parts = split(text, '/');
  const bool leads_out = std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty() || part == ".." || part == "." || part == ".git"; });
  if (leads_out || text.starts_with('-') || has_control(text)) refuse_value(fmt::format("\"{}\" is no directory in a repository", printable(text)), "it is relative to the repository's top, as in clusters/production");
  return std::string(text);
}

std::string branch_value(std::string_view text) {
  if (!forge::is_branch_name(text)) refuse_value(fmt::format("\"{}\" is no name of a branch", printable(text)), "git check-ref-format --branch says what is one");
  return std::string(text);
}

std::string branch_prefix_value(std::string_view text) {
  branch_value(std::string(text) + "x");
  return std::string(text);
}

std::string api_value(std::string_view text) {
  const auto url = Url::try_parse(text);
  const bool fits = url && (url->scheme() == "https" || url->scheme() == "http") && text.find_first_of("?#") == std::string_view::npos;
  if (!fits) refuse_value("it is no http or https URL", "for example https://git.example.org/api/v3");
  if (io::split_credentials(*url).credentials) refuse_value("there is a login in it", "put the token into RESOLE_FORGE_TOKEN or a file for --token-file");
  return std::string(text);
}

std::string project_value(std::string_view text) {
  const auto parts = split(text, '/');
  const bool fits = parts.size() >= 2 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~") == std::string_view::npos;
  });
  if (!fits) refuse_value(fmt::format("\"{}\" is no name of a repository", printable(text)), "it is OWNER/REPOSITORY, at GitLab GROUP/.../PROJECT");
  return std::string(text);
}

std::string author_value(std::string_view text) {
  const std::size_t open = text.find('<');
  const bool fits = open != std::string_view::npos && open > 0 && text.ends_with('>') && text.find('>') == text.size() - 1 && text.rfind('<') == open && !has_control(text) &&
                    !trim(text.substr(0, open)).empty() && text.size() - open > 3;
  if (!fits) refuse_value(fmt::format("\"{}\" is no author", printable(text)), "write \"NAME <EMAIL>\"");
  return std::string(text);
}

}  // namespace resole::cli
