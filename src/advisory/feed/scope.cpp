// SPDX-License-Identifier: Apache-2.0
// A subscription's stream is another release: a fix in EUS, AUS, E4S or TUS is not to be had by plain RHEL of that minor, and the other way round (matching.md
// section 2, Red Hat). Modules and products of SUSE are one release: their packages do not differ between them.
#include "advisory/feed/scope.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

struct Distribution {
  std::string_view id;
  Order order;
  bool source;
};

constexpr std::array<Distribution, 21> kDistributions = {{
    {"debian", Order::deb, true},        {"ubuntu", Order::deb, true},       {"alpine", Order::apk, true},       {"wolfi", Order::apk, true},
    {"chainguard", Order::apk, true},    {"almalinux", Order::rpm, false},   {"rocky", Order::rpm, false},       {"rhel", Order::rpm, false},
    {"ol", Order::rpm, false},           {"amzn", Order::rpm, false},        {"fedora", Order::rpm, false},      {"sles", Order::rpm, false},
    {"opensuse-leap", Order::rpm, false}, {"opensuse-tumbleweed", Order::rpm, false}, {"photon", Order::rpm, false}, {"azurelinux", Order::rpm, false},
    {"mariner", Order::rpm, false},      {"openEuler", Order::rpm, false},   {"mageia", Order::rpm, false},      {"centos", Order::rpm, false},
    {"minimos", Order::apk, true},
}};

std::optional<Scope> scope_for(std::string_view id, std::string_view version) {
  const auto found = std::ranges::find(kDistributions, id, &Distribution::id);
  if (found == kDistributions.end()) return std::nullopt;
  Scope scope;
  scope.name = version.empty() ? std::string(id) : std::string(id) + ":" + std::string(version);
  scope.order = found->order;
  scope.source = found->source;
  return scope;
}

bool is_number_char(char c) { return (c >= '0' && c <= '9') || c == '.'; }

std::string_view leading_number(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_number_char) - text.begin()));
}

std::string_view major_of(std::string_view version) { return version.substr(0, version.find('.')); }

// "15 SP2" -> "15.2", "15-LTSS" -> "15", "15.5" -> "15.5".
std::string suse_version(std::string_view text) {
  std::string out(leading_number(text));
  const std::string rest = lower(text.substr(out.size()));
  const std::size_t pack = rest.find("sp");
  if (pack != std::string::npos && pack <= 1) {
    const std::string_view number = leading_number(std::string_view(rest).substr(pack + 2));
    if (!number.empty()) out += "." + std::string(number);
  }
  return out;
}

struct Product {
  std::string_view beginning, id;
  enum { whole, major, suse } form;
};
// The longest beginnings first.
constexpr std::array<Product, 24> kProducts = {{
    {"SUSE Linux Enterprise Server for SAP Applications ", "sles", Product::suse},
    {"SUSE Linux Enterprise Module for Basesystem ", "sles", Product::suse},
    {"SUSE Linux Enterprise Server ", "sles", Product::suse},
    {"Linux Enterprise Server for SAP Applications ", "sles", Product::suse},
    {"Linux Enterprise Module for Basesystem ", "sles", Product::suse},
    {"Linux Enterprise Server ", "sles", Product::suse},
    {"openSUSE Leap ", "opensuse-leap", Product::whole},
    {"Leap ", "opensuse-leap", Product::whole},
    {"openSUSE Tumbleweed", "opensuse-tumbleweed", Product::major},
    {"Tumbleweed", "opensuse-tumbleweed", Product::major},
    {"openSUSE ", "opensuse-leap", Product::whole},
    {"Red Hat Enterprise Linux ", "rhel", Product::major},
    {"Rocky Linux ", "rocky", Product::major},
    {"AlmaLinux ", "almalinux", Product::major},
    {"Oracle Linux ", "ol", Product::major},
    {"Amazon Linux ", "amzn", Product::major},
    {"Fedora ", "fedora", Product::whole},
    {"Photon OS ", "photon", Product::major},
    {"Photon ", "photon", Product::major},
    {"Azure Linux", "azurelinux", Product::major},
    {"CBL-Mariner", "mariner", Product::major},
    {"Debian GNU/Linux ", "debian", Product::whole},
    {"Ubuntu ", "ubuntu", Product::whole},
    {"Alpine Linux ", "alpine", Product::whole},
}};

}  // namespace

std::optional<Scope> scope_of_product(std::string_view name) {
  name = trim(name);
  for (const Product& product : kProducts) {
    if (!lower(name.substr(0, product.beginning.size())).starts_with(lower(product.beginning))) continue;
    const std::string_view rest = trim(name.substr(std::min(name.size(), product.beginning.size())));
    if (product.form == Product::suse) return scope_for(product.id, suse_version(rest));
    const std::string_view number = leading_number(rest);
    return scope_for(product.id, product.form == Product::major ? major_of(number) : number);
  }
  return std::nullopt;
}

// https://ossf.github.io/osv-schema/#defined-ecosystems
std::optional<Scope> scope_of_ecosystem(std::string_view ecosystem) {
  const auto parts = split(ecosystem, ':');
  const std::string_view kind = parts[0], first = parts.size() > 1 ? parts[1] : std::string_view();
  if (kind == "Debian") return scope_for("debian", first);
  if (kind == "Alpine") return scope_for("alpine", first.starts_with('v') ? first.substr(1) : first);
  if (kind == "Wolfi") return scope_for("wolfi", "");
  if (kind == "Chainguard") return scope_for("chainguard", "");
  if (kind == "MinimOS") return scope_for("minimos", "");
  if (kind == "AlmaLinux") return scope_for("almalinux", major_of(first));
  if (kind == "Rocky Linux") return scope_for("rocky", major_of(first));
  if (kind == "Azure Linux") return scope_for("azurelinux", major_of(first));
  if (kind == "Photon OS") return scope_for("photon", major_of(first));
  if (kind == "Mageia") return scope_for("mageia", major_of(first));
  if (kind == "openEuler") return scope_for("openEuler", leading_number(first));
  if (kind == "SUSE" || kind == "openSUSE") return scope_of_product(first);
  if (kind == "Red Hat" && parts.size() >= 3) return scope_of_cpe("cpe:/a:redhat:" + std::string(ecosystem.substr(kind.size() + 1)));
  if (kind != "Ubuntu") return std::nullopt;
  // "Ubuntu:22.04:LTS", "Ubuntu:24.10", "Ubuntu:Pro:18.04:LTS", "Ubuntu:Pro:FIPS-updates:20.04:LTS" (another archive: other packages)
  if (first == "Pro" && parts.size() > 2 && lower(parts[2]).find("fips") != std::string::npos) return std::nullopt;
  if (first == "Pro" && parts.size() > 2 && lower(parts[2]).find("realtime") != std::string::npos) return std::nullopt;
  auto scope = scope_for("ubuntu", first == "Pro" ? (parts.size() > 2 ? parts[2] : std::string_view()) : first);
  if (scope && first == "Pro") scope->needs = "Ubuntu Pro";
  return scope;
}

// "cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:2.3:o:suse:sles:15:sp5:*:*:*:*:*:*"
std::optional<Scope> scope_of_cpe(std::string_view cpe) {
  if (cpe.starts_with("cpe:2.3:")) cpe.remove_prefix(8);
  else if (cpe.starts_with("cpe:/")) cpe.remove_prefix(5);
  else return std::nullopt;
  const auto parts = split(cpe, ':');
  if (parts.size() < 3) return std::nullopt;
  const std::string_view vendor = parts[1], product = parts[2], version = parts.size() > 3 && parts[3] != "*" ? parts[3] : std::string_view();
  if (vendor == "redhat" && product == "enterprise_linux") return scope_for("rhel", major_of(version));
  for (const std::string_view stream : {"eus", "aus", "e4s", "tus", "els"}) {
    if (vendor != "redhat" || product != "rhel_" + std::string(stream)) continue;
    auto scope = scope_for("rhel", version);
    if (scope) scope->name = "rhel-" + std::string(stream) + ":" + std::string(version);
    return scope;
  }
  if (vendor == "suse" && (product == "sles" || product == "sle-module-basesystem")) {
    const std::string_view pack = parts.size() > 4 ? parts[4] : std::string_view();
    return scope_for("sles", suse_version(std::string(version) + " " + std::string(pack)));
  }
  if (vendor == "opensuse" && product == "leap") return scope_for("opensuse-leap", version);
  if (vendor == "opensuse" && product == "tumbleweed") return scope_for("opensuse-tumbleweed", "");
  if (vendor == "oracle" && product == "linux") return scope_for("ol", major_of(version));
  if (vendor == "amazon" && product == "linux") return scope_for("amzn", major_of(version));
  if (vendor == "rocky" && product == "rocky") return scope_for("rocky", major_of(version));
  if (vendor == "almalinux" && product == "almalinux") return scope_for("almalinux", major_of(version));
  if (vendor == "microsoft" && product == "azure_linux") return scope_for("azurelinux", major_of(version));
  if (vendor == "debian" && product == "debian_linux") return scope_for("debian", version);
  if (vendor == "canonical" && product == "ubuntu_linux") return scope_for("ubuntu", version);
  return std::nullopt;
}

std::optional<Scope> scope_of_os(std::string_view os) {
  const std::size_t colon = os.find(':');
  return scope_for(os.substr(0, colon), colon == std::string_view::npos ? std::string_view() : os.substr(colon + 1));
}

std::vector<std::string> scopes_of_image(const pkg::OsRelease& os) {
  std::vector<std::string> scopes;
  const auto add = [&](std::string_view version) {
    std::string scope = version.empty() ? os.id : os.id + ":" + std::string(version);
    if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(std::move(scope));
  };
  if (os.id.empty()) return scopes;
  const std::string_view version = os.version_id;
  // VERSION_ID of the development branch is that of the release it will be, with what it is made from: "3.21_alpha20240923".
  if (os.id == "alpine" && version.find('_') != std::string_view::npos) {
    add("edge");
    return scopes;
  }
  if (!version.empty()) {
    add(version);
    if (const auto dot = version.find('.'); dot != std::string_view::npos) add(version.substr(0, version.find('.', dot + 1)));
    add(major_of(version));
  }
  if (!os.codename.empty()) add(os.codename);
  if (os.id == "wolfi" || os.id == "chainguard" || os.id == "opensuse-tumbleweed") add("");
  return scopes;
}

}  // namespace resole::advisory::feed
