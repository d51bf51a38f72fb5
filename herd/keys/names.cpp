#include "herd/keys/names.hpp"

#include "herd/config/text.hpp"
#include "herd/keys/certificate.hpp"
#include "herd/keys/openssl.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace herd::keys {

namespace {

std::string lower(std::string text) {
    for (char& each : text) {
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    }
    return text;
}

// As SSL_set1_host() reads it, which then looks for an address instead of a name.
bool is_address(const std::string& name) {
    const std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>> address(
        a2i_IPADDRESS(name.c_str()));
    openssl_trouble();
    return address != nullptr;
}

// Why there can be no certificate for this name alone; empty: there can.
std::string refusal(const std::string& name) {
    const std::string same = lower(name);
    if (same == authority_name || same == operator_name) {
        return "is taken: " + key_file(same) + " and " + certificate_file(same) +
               " are not a server's";
    }
    if (same == "localhost") return "is in the certificate of every server on loopback";
    if (name.find('*') != std::string::npos) {
        return "has a '*', which stands for other names in a certificate";
    }
    if (is_address(name)) return "is an address, which certificates of other servers may have";
    const Certificate named = make_named(name);
    return is_for(*named, name) ? "" : "would not be found in its own certificate";
}

}  // namespace

Outcome<> check_names(const config::Config& config) {
    begin_openssl();
    std::vector<std::string> before;
    for (const config::Server& server : config.servers) {
        if (server.legacy) continue;
        const std::string& name = server.name;
        const std::string why = refusal(name);
        if (!why.empty()) {
            return std::unexpected("server " + config::quoted(name) +
                                   ": with keys, no server can "
                                   "have this name: it " +
                                   why);
        }
        const auto same = [&](const std::string& other) { return lower(other) == lower(name); };
        if (const auto twin = std::ranges::find_if(before, same); twin != before.end()) {
            return std::unexpected("servers " + config::quoted(*twin) + " and " +
                                   config::quoted(name) +
                                   ": with keys, names differ in more than "
                                   "case: certificates are compared without regard to it");
        }
        before.push_back(name);
    }
    return {};
}

}  // namespace herd::keys
