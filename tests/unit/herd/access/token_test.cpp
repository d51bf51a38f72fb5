#include "herd/access/token.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace token_test {

using namespace herd::access;

namespace {

constexpr std::int64_t now = 1'800'000'000;

Secret secret_of(char letter) {
    auto secret = Secret::parse(std::string(40, letter));
    REQUIRE(secret);
    return std::move(*secret);
}

Grant grant(std::string_view pattern,
            Rights rights = {.report = true, .ask = true},
            std::int64_t until_s = now + 1) {
    return {.pattern = *Pattern::parse(pattern), .rights = rights, .until_s = until_s};
}

std::string minted(const Secret& secret, const Grant& what) {
    auto token = mint(secret, what);
    REQUIRE(token);
    return *token;
}

// A token for `abc`, for ever, with that byte of rights.
std::string signed_by_hand(const Secret& secret, char rights) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string body{'\1', rights};
    body += std::string(8, '\0') + "abc";
    const auto tag = secret.sign(body);
    REQUIRE(tag);
    body.append(tag->begin(), tag->end());
    std::string token;
    for (std::size_t i = 0; i < body.size(); i += 3) {
        const auto byte = [&](std::size_t at) -> unsigned {
            return static_cast<unsigned char>(body[at]);
        };
        const unsigned bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) token += digits[bits >> shift & 63U];
    }
    return token;
}

}  // namespace

TEST_CASE("token: what was granted is what is found in it", "[herd]") {
    const Secret secret = secret_of('k');
    for (const std::string& pattern : {std::string("*"),
                                       std::string("a"),
                                       std::string("ab"),
                                       std::string("bus-*"),
                                       std::string("kiwi.cs.ucla.edu"),
                                       std::string("\xff\0\x01*", 4),
                                       std::string(Pattern::size_max, 'x')}) {
        for (const Rights rights : {Rights{true, false},
                                    Rights{false, true},
                                    Rights{true, true},
                                    Rights{false, true, true},
                                    Rights{true, true, true}}) {
            for (const std::int64_t until : {Grant::never, now + 1, Grant::until_s_max}) {
                const Grant given = grant(pattern, rights, until);
                const std::string token = minted(secret, given);
                CHECK(token.size() <= token_size_max);
                CHECK(std::ranges::all_of(token, [](char byte) {
                    return std::string_view("-_").find(byte) != std::string_view::npos ||
                           std::isalnum(static_cast<unsigned char>(byte)) != 0;
                }));
                const auto found = check(secret, token, now);
                REQUIRE(found);
                CHECK(*found == given);
                CHECK(claims(token).value() == given);
            }
        }
    }
    CHECK(minted(secret, grant(std::string(Pattern::size_max, 'x'))).size() == token_size_max);
}

TEST_CASE("token: with any bit of it another one it is refused", "[herd]") {
    const Secret secret = secret_of('k');
    // Of each size modulo three, as the last digit has 0, 2 or 4 bits that mean nothing.
    for (const auto* pattern : {"a", "ab", "abc"}) {
        const std::string token = minted(secret, grant(pattern));
        for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
            std::string changed = token;
            changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
            CAPTURE(bit);
            REQUIRE_FALSE(check(secret, changed, now));
        }
        for (std::size_t at = 0; at < token.size(); ++at) {
            for (const char other : std::string_view("AZaz09-_+/= .")) {
                if (token[at] == other) continue;
                std::string changed = token;
                changed[at] = other;
                CAPTURE(at, other);
                REQUIRE_FALSE(check(secret, changed, now));
            }
            REQUIRE_FALSE(check(secret, token.substr(0, at), now));
            REQUIRE_FALSE(check(secret, token.substr(at + 1), now));
        }
        for (const auto* more : {"A", "AA", "AAA", "AAAA", "=", "\n"}) {
            CHECK_FALSE(check(secret, token + more, now));
        }
    }
}

TEST_CASE("token: rights that make no sense together are none", "[herd]") {
    const Secret secret = secret_of('k');
    // Signed by who has the secret, but by another program: 0, 4, 5 and 8 of a byte of rights.
    for (const char rights : {'\0', '\4', '\5', '\10'}) {
        const std::string token = signed_by_hand(secret, rights);
        CHECK(check(secret, token, now).error() == Fault::malformed);
        CHECK(claims(token).error() == Fault::malformed);
    }
    CHECK(check(secret, signed_by_hand(secret, '\7'), now)->rights == Rights{true, true, true});
}

TEST_CASE("token: neither more rights nor more time can be written into one", "[herd]") {
    const Secret secret = secret_of('k');
    const std::string weak = minted(secret, grant("a", {.ask = true}));
    const std::string strong = minted(secret_of('x'), grant("a"));
    // The head of one, the tag of the other.
    const std::string mixed = strong.substr(0, 14) + weak.substr(14);
    REQUIRE(claims(mixed));
    CHECK(claims(mixed)->rights == Rights{true, true});
    CHECK(check(secret, mixed, now).error() == Fault::forged);
}

TEST_CASE("token: another herd's is forged, and a second key's is good", "[herd]") {
    const std::string token = minted(secret_of('o'), grant("a"));
    CHECK(check(secret_of('n'), token, now).error() == Fault::forged);
    CHECK(check(Secret(), token, now).error() == Fault::forged);
    const auto both = Secret::parse(std::string(40, 'n') + "\n" + std::string(40, 'o'));
    REQUIRE(both);
    CHECK(check(*both, token, now));
    // It signs with the new one.
    CHECK(check(secret_of('n'), minted(*both, grant("a")), now));
}

TEST_CASE("token: it is good until its second has come", "[herd]") {
    const Secret secret = secret_of('k');
    const std::string token = minted(secret, grant("a"));
    CHECK(check(secret, token, now));
    CHECK(check(secret, token, now + 1).error() == Fault::expired);
    CHECK(check(secret, token, now + 1'000'000).error() == Fault::expired);
    CHECK(claims(token));
    const std::string for_ever = minted(secret, grant("a", {.ask = true}, Grant::never));
    CHECK(check(secret, for_ever, Grant::until_s_max + 1));
}

TEST_CASE("token: what is none is malformed", "[herd]") {
    const Secret secret = secret_of('k');
    for (const std::string& text : {std::string(),
                                    std::string("token"),
                                    std::string(57, 'A'),
                                    std::string(token_size_max, 'A'),
                                    std::string(token_size_max + 1, 'A'),
                                    std::string(8'192, 'A')}) {
        CHECK(claims(text).error() == Fault::malformed);
        CHECK_FALSE(check(secret, text, now));
    }
}

TEST_CASE("token: what is left of one, without its end, begins as a token does", "[herd]") {
    const Secret secret = secret_of('k');
    for (const std::int64_t until_s : {Grant::never, now, Grant::until_s_max}) {
        for (const Rights rights : {Rights{.report = true},
                                    Rights{.ask = true},
                                    Rights{.report = true, .ask = true, .friends = true}}) {
            const std::string token = minted(secret, grant("ada/*", rights, until_s));
            CAPTURE(token);
            for (std::size_t size = 6; size <= token.size(); ++size) {
                CHECK(begins_as_token(token.substr(0, size)));
            }
        }
    }
    for (const std::string_view word : {"", "AQ", "AQA", "AQEAA", "word", "AQEABAA", "BQEAAAA"}) {
        CHECK_FALSE(begins_as_token(word));
    }
}

}  // namespace token_test
