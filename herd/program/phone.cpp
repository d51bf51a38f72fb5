#include "herd/program/phone.hpp"

#include "herd/access/secret.hpp"
#include "herd/access/token.hpp"
#include "herd/config/base_url.hpp"
#include "herd/config/text.hpp"
#include "herd/outcome.hpp"
#include "herd/program/phone_apps.hpp"
#include "herd/program/qr_code.hpp"
#include "herd/program/until.hpp"
#include "protocol/json_text.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

namespace herd::program {

namespace {

constexpr int phone_refused = 2;
constexpr std::size_t name_size_max = 64;
constexpr std::string_view usual_device = "phone";
constexpr std::string_view usual_user = "herd";

int refuse_phone(const std::string& what) {
    std::fprintf(stderr, "herd: phone: %s\n", what.c_str());
    return phone_refused;
}

// Letters, digits, dots, hyphens and underscores: what neither a URL nor an app's template has
// another use for.
bool is_plain(std::string_view text) {
    const auto plain = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_';
    };
    return !text.empty() && text.size() <= name_size_max && std::ranges::all_of(text, plain);
}

// Where phones reach the first server that has a port for them, if others than this machine do.
Outcome<std::string> herd_of(const config::Config& config, const std::string& said) {
    std::string url = said;
    for (const config::Server& server : config.servers) {
        if (!url.empty() || !server.has_phones()) continue;
        const bool sealed = server.phones_tls.has_value();
        const reactor::Address& address = sealed ? *server.phones_tls : *server.phones;
        const bool reached = !address.is_wildcard() && address.port != 0;
        if (reached) url = (sealed ? "https://" : "http://") + config::text_of(address);
    }
    if (url.empty()) {
        return std::unexpected(
            "expected --at with the URL at which phones reach the server, such as "
            "https://herd.example.org, as the configuration does not say it");
    }
    while (url.ends_with('/')) url.pop_back();
    std::string_view fault = config::base_url_fault(url, false);
    // What apps' templates and files have another use for.
    if (url.find_first_of("\"'\\{}%") != std::string::npos) fault = "has none of \" ' \\ { } %";
    if (!fault.empty()) {
        return std::unexpected("--at: expected a base URL, which " + std::string(fault) + ", got " +
                               config::quoted(url));
    }
    return url;
}

struct Bearer {
    Phone phone = {};
    std::string client = {};   // as which it reports
    std::string granted = {};  // what its token says; empty: nothing
};

// What this herd's tokens are known by here.
struct Proof {
    bool limited = false;        // else a token is any word
    access::Secret secret = {};  // none: it cannot be read here
    std::string why_not_read = {};
};

Proof proof_of(const config::Access& access) {
    Proof proof{.limited = !access.secret_file.empty()};
    if (!proof.limited) {
        proof.why_not_read = "that takes --config, with access.secret_file in it";
        return proof;
    }
    reactor::sys::forbid_dumps();
    auto secret = access::Secret::read(access.secret_file);
    if (secret) {
        proof.secret = std::move(*secret);
    } else {
        proof.why_not_read = secret.error();
    }
    return proof;
}

// Whoever has made a token for "ada/*" calls its user so, too.
std::string user_of(std::string_view pattern) {
    const std::string_view user = pattern.substr(0, pattern.find_first_of("/*"));
    return std::string(is_plain(user) ? user : usual_user);
}

Outcome<Bearer> bearer_of_word(Phone phone, bool limited) {
    const std::string& word = phone.token;
    if (access::begins_as_token(word)) {
        return std::unexpected("the token is damaged, or its end is missing: copy it whole");
    }
    if (limited) return std::unexpected(config::quoted(word) + " is no token");
    if (!is_plain(word)) {
        return std::unexpected(
            "expected a token, or a word of letters, digits, '.', '-' and '_', got " +
            config::quoted(word));
    }
    phone.user = usual_user;
    std::string client = phone.device;
    return Bearer{.phone = std::move(phone), .client = std::move(client)};
}

// Of a token that is not whole, or has something behind it, bytes of its signature stand in the
// pattern, or the other way round: mostly that is no text. Only the secret tells of all of these.
bool is_text(std::string_view pattern) {
    std::array<char, protocol::json_text_size_max(access::Pattern::size_max)> room{};
    protocol::TextWriter out(room);
    protocol::put_json_text(out, pattern);
    constexpr std::string_view no_utf8 = "\xef\xbf\xbd";
    constexpr std::string_view control = "\\u00";
    return out.text().find(no_utf8) == std::string_view::npos &&
           out.text().find(control) == std::string_view::npos;
}

// What keeps a phone with such a token from reporting; empty: nothing that can be told here.
std::string token_fault(const std::string& token, const access::Grant& grant, const Proof& proof) {
    const std::int64_t now_s = reactor::sys::wall_s();
    if (proof.secret) {
        const auto checked = access::check(proof.secret, token, now_s);
        if (!checked && checked.error() != access::Fault::expired) {
            return "this herd has not given the token: it is damaged, its end is missing, or "
                   "it was made with another secret";
        }
    }
    if (!proof.secret && !is_text(grant.pattern.text())) {
        return "the token is damaged, its end is missing, or something stands behind it: copy it "
               "whole";
    }
    if (grant.expired(now_s)) return "the token was good until " + show_until(grant.until_s);
    return grant.rights.report ? "" : "the token does not let a phone report";
}

Outcome<Bearer> bearer_of(const PhoneRequest& request,
                          const std::string& herd,
                          const std::string& token,
                          const Proof& proof) {
    Phone phone{.herd = herd, .token = token};
    phone.device = request.device.empty() ? std::string(usual_device) : request.device;
    const auto grant = access::claims(token);
    if (!grant) return bearer_of_word(std::move(phone), proof.limited);
    if (auto fault = token_fault(token, *grant, proof); !fault.empty()) {
        return std::unexpected(std::move(fault));
    }
    Bearer bearer{.phone = std::move(phone)};
    const std::string_view pattern = grant->pattern.text();
    bearer.phone.user = user_of(pattern);
    if (pattern.ends_with('*')) {
        bearer.client = std::string(pattern.substr(0, pattern.size() - 1)) + bearer.phone.device;
    } else {
        bearer.client = pattern;
        const std::string_view last = pattern.substr(pattern.rfind('/') + 1);
        if (request.device.empty() && is_plain(last)) bearer.phone.device = last;
    }
    bearer.granted = "The token is for " + config::quoted(pattern) + ", may " +
                     std::string(access::to_text(grant->rights)) + ", until " +
                     show_until(grant->until_s) + ".\n";
    if (!proof.secret) {
        bearer.granted +=
            "That it is whole, and this herd has given it, is not checked, so see whether it is "
            "for "
            "whom you mean: " +
            proof.why_not_read + ".\n";
    }
    return bearer;
}

void print_text(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_app(const PhoneApp& app, bool with_qr) {
    std::string text = "\n" + std::string(app.title) + "\n";
    std::size_t width = 0;
    for (const auto& setting : app.settings) width = std::max(width, setting.name.size());
    for (const auto& setting : app.settings) {
        text += "  " + std::string(setting.name) +
                std::string(width + 2 - setting.name.size(), ' ') + setting.value + "\n";
    }
    if (!app.remark.empty()) text += "  " + std::string(app.remark) + "\n";
    if (!app.link.empty()) text += "  Or open this link on the phone:\n" + app.link + "\n";
    if (with_qr) {
        const std::string code = qr_code(app.scanned);
        text += code.empty() ? "  It is too long for a QR code.\n"
                             : "  Or " + std::string(app.scan) + ":\n" + code;
    }
    print_text(text);
}

// All that is wanted of one phone; what is wrong with the wish.
Outcome<> print_phone(const Bearer& bearer, const PhoneRequest& request) {
    const std::vector<PhoneApp> apps = phone_apps(bearer.phone);
    const auto is_wanted = [&](const PhoneApp& app) {
        return request.app.empty() || request.app == app.name;
    };
    if (std::ranges::none_of(apps, is_wanted)) {
        return std::unexpected("--app: expected one of " + phone_app_names() + ", got " +
                               config::quoted(request.app));
    }
    if (!request.file_only) {
        print_text(bearer.granted + "With it a phone is " + config::quoted(bearer.client) +
                   ". What it has sent, and what became of that: " + bearer.phone.herd + "/p/" +
                   bearer.phone.token + "/check\n");
    }
    for (const PhoneApp& app : apps) {
        if (!is_wanted(app)) continue;
        if (!request.file_only) {
            print_app(app, !request.no_qr);
        } else if (app.file.empty()) {
            return std::unexpected(std::string(app.name) + " has no configuration file");
        } else {
            print_text(app.file);
        }
    }
    return {};
}

}  // namespace

int phone(const config::Config& config, const PhoneRequest& request) {
    const auto herd = herd_of(config, request.herd);
    if (!herd) return refuse_phone(herd.error());
    if (!request.device.empty() && !is_plain(request.device)) {
        return refuse_phone("--device: expected letters, digits, '.', '-' and '_', got " +
                            config::quoted(request.device));
    }
    const Proof proof = proof_of(config.access);
    for (std::size_t i = 0; i < request.tokens.size(); ++i) {
        const auto bearer = bearer_of(request, *herd, request.tokens[i], proof);
        if (!bearer) return refuse_phone(bearer.error());
        if (i > 0 && !request.file_only) print_text("\n");
        if (const auto done = print_phone(*bearer, request); !done)
            return refuse_phone(done.error());
    }
    return 0;
}

}  // namespace herd::program
