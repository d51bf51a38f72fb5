#include "herd/web/gate.hpp"

#include "herd/access/token.hpp"
#include "herd/web/refusal.hpp"
#include "reactor/address.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <utility>

namespace herd::web {

namespace {

constexpr std::size_t password_size_max = 512;

access::Grant everything() {
    return {.pattern = *access::Pattern::parse("*"), .rights = {.report = true, .ask = true}};
}

// The value of a digit of base64; negative: it is none.
int digit(char byte) {
    if (byte >= 'A' && byte <= 'Z') return byte - 'A';
    if (byte >= 'a' && byte <= 'z') return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9') return byte - '0' + 52;
    if (byte == '+') return 62;
    return byte == '/' ? 63 : -1;
}

// Empty: it is no base64, or too much.
std::string_view decode(std::string_view text, std::span<char> out) {
    while (text.ends_with('=')) text.remove_suffix(1);
    if (text.size() * 3 / 4 > out.size()) return {};
    std::size_t size = 0;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : text) {
        const int value = digit(byte);
        if (value < 0) return {};
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out[size++] = static_cast<char>(bits >> count & 0xff);
    }
    return {out.data(), size};
}

// "a:1", "[::1]:1" and "a" without the port.
std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
    return host.substr(0, host.find(':'));
}

}  // namespace

std::string_view token_of(const http::Request& request, std::span<char> out) {
    const std::string_view said = request.field("Authorization");
    const std::size_t blank = said.find(' ');
    if (blank == std::string_view::npos) return {};
    const std::string_view credentials = said.substr(blank + 1);
    if (http::same_name(said.substr(0, blank), "Bearer")) return credentials;
    if (!http::same_name(said.substr(0, blank), "Basic")) return {};
    const std::string_view pair = decode(credentials, out);
    const std::size_t colon = pair.find(':');
    return colon == std::string_view::npos ? std::string_view() : pair.substr(colon + 1);
}

Outcome<> Gate::open(const config::Access& access, const config::Server& self) {
    assert(!secret_);
    name_ = self.http_name;
    if (access.secret_file.empty()) return {};
    auto secret = access::Secret::read(access.secret_file);
    if (!secret) return std::unexpected("access." + secret.error());
    secret_ = std::move(*secret);
    in_the_clear_ = access.in_the_clear;
    return {};
}

bool Gate::knows_host(const http::Request& request) const {
    const std::string_view host = without_port(request.field("Host"));
    if (host.empty() || http::same_name(host, "localhost")) return true;
    if (!name_.empty() && http::same_name(host, name_)) return true;
    return reactor::Address::parse(host, 0).has_value();
}

std::optional<access::Grant> Gate::grant(http::Connection& connection,
                                         const http::Request& request) const {
    if (!secret_) return everything();
    // Who shows a token means it, and a proxy on this machine says for whom it asks.
    const bool shown = !request.field("Authorization").empty();
    const bool passed_on =
        !request.field("X-Forwarded-For").empty() || !request.field("Forwarded").empty();
    if (!shown && !passed_on && is_here(connection)) return everything();
    std::array<char, password_size_max> password{};
    return grant(connection, token_of(request, password));
}

std::optional<access::Grant> Gate::grant(http::Connection& connection,
                                         std::string_view token) const {
    if (!secret_) return everything();
    if (token.empty()) return std::nullopt;
    if (!connection.stream().sealed() && !in_the_clear_ && !is_here(connection)) {
        ++core_.counters.tokens_in_the_clear;
        return std::nullopt;
    }
    return check(token);
}

std::optional<access::Grant> Gate::admit(http::Connection& connection,
                                         const http::Request& request,
                                         std::string_view challenge) const {
    const auto deny = [&](unsigned status, std::string_view why, std::string_view extra = {}) {
        ++core_.counters.http_denied;
        refuse(connection, status, why, extra);
        return std::nullopt;
    };
    if (!knows_host(request)) return deny(421, "this server has another name (http_name)");
    if (!is_of_own_page(request)) return deny(403, "a page of another site asks");
    const auto granted = grant(connection, request);
    if (!granted) return deny(401, "a token is missing, or wrong", challenge);
    return granted;
}

// Of what a page posts a browser says whose page it is; other programs say nothing.
bool Gate::is_of_own_page(const http::Request& request) {
    std::string_view origin = request.field("Origin");
    if (origin.empty()) return true;
    const std::size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos) return false;  // "null"
    origin.remove_prefix(scheme + 3);
    return http::same_name(origin, request.field("Host"));
}

bool Gate::is_here(http::Connection& connection) {
    const auto from = reactor::sys::peer_address(connection.stream().socket().fd());
    return from && from->is_loopback();
}

watch::Audience Gate::audience(http::Connection& connection) const {
    return secret_ || is_here(connection) ? watch::Audience::herd : watch::Audience::stranger;
}

std::optional<access::Grant> Gate::check(std::string_view token) const {
    const auto granted = access::check(secret_, token, reactor::sys::wall_s());
    if (granted) return *granted;
    const bool expired = granted.error() == access::Fault::expired;
    ++(expired ? core_.counters.tokens_expired : core_.counters.tokens_wrong);
    return std::nullopt;
}

bool Gate::stands(const access::Grant& grant) const {
    if (grant.key != 0 && !secret_.has(grant.key)) return false;
    return !grant.expired(reactor::sys::wall_s());
}

bool Gate::sees_all(http::Connection& connection, const http::Request& request) const {
    const auto granted = grant(connection, request);
    return granted && granted->rights.ask && granted->pattern == everything().pattern;
}

}  // namespace herd::web
