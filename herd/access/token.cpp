#include "herd/access/token.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <span>

namespace herd::access {

namespace {

constexpr char version = 1;
constexpr std::size_t head_size = 10;  // all before the pattern
constexpr std::size_t tag_size = sizeof(Mac::Tag);
constexpr std::size_t body_size_min = head_size + 1 + tag_size;
constexpr std::size_t body_size_max = head_size + Pattern::size_max + tag_size;
static_assert(token_size_max == (body_size_max * 8 + 5) / 6);

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr auto digits = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}();

// The bytes of a token, with its tag.
struct Body {
    std::array<char, body_size_max> bytes{};
    std::size_t size = 0;

    std::string_view text() const { return {bytes.data(), size}; }
    std::string_view signed_part() const { return text().substr(0, size - tag_size); }
    Mac::Tag tag() const {
        Mac::Tag tag{};
        std::ranges::copy(text().substr(size - tag_size), tag.begin());
        return tag;
    }
};

std::string encode(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 63];
    return text;
}

// A token has one spelling: bits of its last digit that belong to no byte are 0.
std::optional<Body> decode(std::string_view token) {
    if (token.size() > token_size_max) return std::nullopt;
    Body body;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : token) {
        const std::uint8_t digit = digits[static_cast<unsigned char>(byte)];
        if (digit == no_digit) return std::nullopt;
        bits = bits << 6 | digit;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        body.bytes[body.size++] = static_cast<char>(bits >> count & 0xff);
    }
    const bool whole = count < 6 && (bits & ((1U << count) - 1)) == 0;
    if (!whole || body.size < body_size_min) return std::nullopt;
    return body;
}

unsigned char bits_of(Rights rights) {
    const int bits = (rights.report ? 1 : 0) | (rights.ask ? 2 : 0) | (rights.friends ? 4 : 0);
    return static_cast<unsigned char>(bits);
}

std::optional<Rights> rights_of(unsigned char bits) {
    const Rights rights{
        .report = (bits & 1) != 0, .ask = (bits & 2) != 0, .friends = (bits & 4) != 0};
    if (bits != bits_of(rights) || !rights.any() || !rights.coherent()) return std::nullopt;
    return rights;
}

std::optional<Grant> grant_of(std::string_view text) {
    assert(text.size() > head_size);
    const auto at = [&](std::size_t place) { return static_cast<unsigned char>(text[place]); };
    const auto rights = rights_of(at(1));
    if (text[0] != version || !rights) return std::nullopt;
    std::uint64_t until = 0;
    for (std::size_t i = 2; i < head_size; ++i) until = until << 8 | at(i);
    if (until > Grant::until_s_max) return std::nullopt;
    const auto pattern = Pattern::parse(text.substr(head_size));
    if (!pattern) return std::nullopt;
    return Grant{
        .pattern = *pattern, .rights = *rights, .until_s = static_cast<std::int64_t>(until)};
}

}  // namespace

Outcome<std::string> mint(const Secret& secret, const Grant& grant) {
    assert(grant.rights.any());
    assert(grant.until_s >= 0);
    assert(grant.until_s <= Grant::until_s_max);
    assert(!grant.pattern.text().empty());
    assert(grant.rights.coherent());
    std::string body{version, static_cast<char>(bits_of(grant.rights))};
    for (int shift = 56; shift >= 0; shift -= 8) {
        body += static_cast<char>(grant.until_s >> shift & 0xff);
    }
    assert(body.size() == head_size);
    body += grant.pattern.text();
    const auto tag = secret.sign(body);
    if (!tag) return std::unexpected("OpenSSL has no memory");
    body.append(tag->begin(), tag->end());
    std::string token = encode(body);
    assert(token.size() <= token_size_max);
    return token;
}

std::expected<Grant, Fault> check(const Secret& secret,
                                  std::string_view token,
                                  std::int64_t now_s) {
    const auto body = decode(token);
    if (!body) return std::unexpected(Fault::malformed);
    const auto signer = secret.signer(body->signed_part(), body->tag());
    if (!signer) return std::unexpected(Fault::forged);
    auto grant = grant_of(body->signed_part());
    if (!grant) return std::unexpected(Fault::malformed);
    if (grant->expired(now_s)) return std::unexpected(Fault::expired);
    grant->key = *signer;
    return *grant;
}

std::expected<Grant, Fault> claims(std::string_view token) {
    const auto body = decode(token);
    if (!body) return std::unexpected(Fault::malformed);
    const auto grant = grant_of(body->signed_part());
    if (!grant) return std::unexpected(Fault::malformed);
    return *grant;
}

// The version is one, and the highest three bytes of the time are 0 until the year 9999.
bool begins_as_token(std::string_view text) {
    constexpr std::size_t rights_at = 2;
    static_assert(version == 1 && Grant::until_s_max >> 40 == 0);
    return text.starts_with("AQ") && text.size() > rights_at &&
           text.substr(rights_at + 1).starts_with("AAA");
}

}  // namespace herd::access
