// SPDX-License-Identifier: Apache-2.0
#include "support/registry_access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::test {

namespace {

std::set<std::string> actions_of(std::string_view list) {
  std::set<std::string> out;
  for (const std::string_view action : split(list, ',')) {
    if (!action.empty()) out.emplace(action);
  }
  return out;
}

// "repository:team/app:pull,push" or "repository(plugin):name:*"; the name may hold a port's colon.
std::optional<Need> parse_scope(std::string_view scope) {
  const std::size_t first = scope.find(':'), last = scope.rfind(':');
  if (first == std::string_view::npos || first == last || !scope.starts_with("repository")) return std::nullopt;
  return Need{std::string(scope.substr(first + 1, last - first - 1)), actions_of(scope.substr(last + 1))};
}

std::string text_of(const std::vector<Need>& needs) {
  std::string out;
  for (const Need& need : needs) {
    const std::vector<std::string> actions(need.actions.begin(), need.actions.end());
    out += fmt::format("{}repository:{}:{}", out.empty() ? "" : " ", need.repository, join(actions, ","));
  }
  return out;
}

void replace(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
}

HttpAnswer refusal(int status, std::string_view code) {
  return {.status = status, .body = fmt::format(R"({{"errors":[{{"code":"{}","message":"no token"}}]}})", code)};
}

std::string credentials(const HttpSeen& request, std::string_view scheme) {
  const std::string field = request.field("authorization");
  return lower(field).starts_with(fmt::format("{} ", scheme)) ? std::string(trim(field.substr(scheme.size()))) : std::string();
}

}  // namespace

RegistryAccess::Login RegistryAccess::basic_login(const HttpSeen& request) const {
  if (!request.has("authorization")) return Login::none;
  const std::string pair = base64_decode(credentials(request, "basic")).value_or("");
  const bool by_password = pair == rules_.user + ":" + rules_.password;
  const bool by_identity = !rules_.identity_token.empty() && pair.ends_with(":" + rules_.identity_token);
  return by_password || (by_identity && rules_.auth == Auth::bearer) ? Login::right : Login::wrong;
}

std::set<std::string> RegistryAccess::granted(bool is_user, const std::string& repository) const {
  std::set<std::string> out;
  for (const auto* table : {&rules_.anonymous, &rules_.grants}) {
    if (table == &rules_.grants && !is_user) continue;
    for (const auto& [glob, actions] : *table) {
      if (glob_match(glob, repository)) out.merge(actions_of(actions));
    }
  }
  return out;
}

bool RegistryAccess::grants(const std::vector<Need>& granted_ones, const Need& need) const {
  return std::all_of(need.actions.begin(), need.actions.end(), [&](const std::string& action) {
    return std::any_of(granted_ones.begin(), granted_ones.end(),
                       [&](const Need& one) { return one.repository == need.repository && one.actions.contains(action); });
  });
}

const RegistryAccess::Token* RegistryAccess::token_of(const HttpSeen& request) const {
  const auto found = tokens_.find(credentials(request, "bearer"));
  if (found == tokens_.end() || Clock::now() >= found->second.end) return nullptr;
  return rules_.token_uses != 0 && found->second.uses >= rules_.token_uses ? nullptr : &found->second;
}

RegistryAccess::Verdict RegistryAccess::judge(const HttpSeen& request, const std::vector<Need>& needs) {
  if (rules_.auth == Auth::none) return Verdict::allowed;
  std::vector<Need> have;
  if (rules_.auth == Auth::basic) {
    const Login login = basic_login(request);
    for (const Need& need : needs) have.push_back({need.repository, granted(login == Login::right, need.repository)});
    const bool enough = std::all_of(needs.begin(), needs.end(), [&](const Need& need) { return grants(have, need); });
    if (login == Login::wrong || (login == Login::none && (!enough || needs.empty()))) return Verdict::unknown_caller;
    return enough ? Verdict::allowed : Verdict::not_enough;
  }
  const std::lock_guard lock(mutex_);
  const Token* token = token_of(request);
  if (!token) return Verdict::unknown_caller;
  ++tokens_.at(credentials(request, "bearer")).uses;
  const bool enough = std::all_of(needs.begin(), needs.end(), [&](const Need& need) { return grants(token->grants, need); });
  return enough ? Verdict::allowed : Verdict::not_enough;
}

bool RegistryAccess::also_may(const HttpSeen& request, const Need& need) const {
  if (rules_.auth == Auth::none) return true;
  if (rules_.auth == Auth::basic) return grants({{need.repository, granted(basic_login(request) == Login::right, need.repository)}}, need);
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(credentials(request, "bearer"));
  return found != tokens_.end() && grants(found->second.grants, need);
}

std::vector<std::pair<std::string, std::string>> RegistryAccess::challenge(const std::string& realm, const std::vector<Need>& needs,
                                                                           Verdict verdict) const {
  std::vector<std::string> forms = rules_.challenges;
  if (forms.empty() && rules_.auth == Auth::basic) forms = {R"(Basic realm="{service}")"};
  if (forms.empty()) {
    forms = {needs.empty() ? R"(Bearer realm="{realm}",service="{service}")"
                           : R"(Bearer realm="{realm}",service="{service}",scope="{scope}")"};
    if (verdict == Verdict::not_enough) forms.front() += R"(,error="insufficient_scope")";
  }
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::string& form : forms) {
    replace(form, "{realm}", realm);
    replace(form, "{service}", rules_.service);
    replace(form, "{scope}", text_of(needs));
    replace(form, "{error}", verdict == Verdict::not_enough ? "insufficient_scope" : "invalid_token");
    fields.emplace_back("WWW-Authenticate", form);
  }
  return fields;
}

std::optional<HttpAnswer> RegistryAccess::ask_by_get(const HttpSeen& request, Asking& asking, std::vector<std::string>& violations) const {
  const Login login = basic_login(request);
  if (!credentials(request, "bearer").empty()) violations.push_back("a Bearer token was sent to the token server");
  if (login == Login::wrong) return refusal(401, "UNAUTHORIZED");
  asking.is_user = login == Login::right;
  const std::size_t mark = request.path.find('?');
  const std::string query = mark == std::string::npos ? "" : request.path.substr(mark + 1);
  for (const std::string_view part : split(query, '&')) {
    if (!part.starts_with("scope=")) continue;
    // One parameter for each scope; several in one, with blanks, are understood by most servers too.
    const std::string scopes = percent_decoded(part.substr(6));
    for (const std::string_view scope : split_words(scopes)) asking.scopes.emplace_back(scope);
  }
  const auto form = parse_form(query);
  asking.wants_refresh_token = form.contains("offline_token") && form.at("offline_token") == "true";
  if (!form.contains("service") || form.at("service") != rules_.service) {
    violations.push_back("the token server was asked for the service \"" + (form.contains("service") ? form.at("service") : "") + "\"");
    return refusal(400, "UNSUPPORTED");
  }
  return std::nullopt;
}

// distribution "OAuth2 token authentication": grant_type, service and client_id are required.
std::optional<HttpAnswer> RegistryAccess::ask_by_post(const HttpSeen& request, Asking& asking, std::vector<std::string>& violations) const {
  auto form = parse_form(request.body);
  if (!request.field("content-type").starts_with("application/x-www-form-urlencoded") || form["client_id"].empty() ||
      form["service"] != rules_.service) {
    violations.push_back("POST to the token server lacks its type, client_id or service");
    return refusal(400, "UNSUPPORTED");
  }
  const bool by_token =
      form["grant_type"] == "refresh_token" && !rules_.identity_token.empty() && form["refresh_token"] == rules_.identity_token;
  const bool by_password = form["grant_type"] == "password" && form["username"] == rules_.user && form["password"] == rules_.password;
  if (!by_token && !by_password) return refusal(401, "UNAUTHORIZED");
  asking.is_user = true;
  asking.wants_refresh_token = form["access_type"] == "offline";
  for (const std::string_view scope : split_words(form["scope"])) asking.scopes.emplace_back(scope);
  return std::nullopt;
}

std::string RegistryAccess::new_token(const Asking& asking) {
  Token token;
  token.end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(rules_.real_life));
  for (const std::string& scope : asking.scopes) {
    auto wanted = parse_scope(scope);
    if (!wanted) continue;
    // Fewer actions than were asked for are no error (distribution "token scope").
    const std::set<std::string> may = granted(asking.is_user, wanted->repository);
    if (!wanted->actions.contains("*")) std::erase_if(wanted->actions, [&](const std::string& action) { return !may.contains(action); });
    if (wanted->actions.contains("*")) wanted->actions = may;
    token.grants.push_back(*wanted);
  }
  const std::string name = fmt::format("token-{}", ++issued_);
  tokens_[name] = token;
  return name;
}

HttpAnswer RegistryAccess::token(const HttpSeen& request, int post_status, std::vector<std::string>& violations) {
  if (rules_.auth != Auth::bearer) return refusal(404, "NOT_FOUND");
  const bool is_post = request.method == "POST";
  if (is_post && post_status != 0) return refusal(post_status, "UNSUPPORTED");
  if (!is_post && request.method != "GET") return refusal(405, "UNSUPPORTED");
  Asking asking;
  if (auto refused = is_post ? ask_by_post(request, asking, violations) : ask_by_get(request, asking, violations)) return *refused;
  for (const std::string& scope : asking.scopes) {
    if (!parse_scope(scope)) violations.push_back("scope \"" + scope + "\" is none");
  }
  const std::lock_guard lock(mutex_);
  const std::string token = new_token(asking);
  Json body = Json::object();
  if (rules_.field_token) body["token"] = token;
  if (rules_.field_access_token || is_post) body["access_token"] = token;
  if (rules_.announced_life > 0) body["expires_in"] = rules_.announced_life;
  if (asking.wants_refresh_token && asking.is_user) body["refresh_token"] = rules_.identity_token;
  return {.body = dump_compact(body), .fields = {{"Content-Type", "application/json"}}};
}

std::string RegistryAccess::issue(const std::vector<std::string>& scopes) {
  const std::lock_guard lock(mutex_);
  return new_token({.is_user = true, .wants_refresh_token = false, .scopes = scopes});
}

void RegistryAccess::expire_tokens() {
  const std::lock_guard lock(mutex_);
  tokens_.clear();
}

}  // namespace resole::test
