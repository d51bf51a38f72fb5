#pragma once

#include "herd/access/grant.hpp"
#include "herd/access/secret.hpp"
#include "herd/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

// A token is a grant in writing, which every server of the herd can check and none has to remember:
// letters, digits, `-` and `_`, so that it stands in a path, a header or a line as it is. These are
// the base64url form, without padding, of
//
//   1 byte    version, 1
//   1 byte    rights: the sum of 1 report, 2 ask, and, with ask only, 4 friends
//   8 bytes   the second from which it is worth nothing, since 1970, high byte first; 0: never
//   n bytes   the pattern
//   32 bytes  HMAC-SHA256 of all that, under the herd's secret
namespace herd::access {

inline constexpr std::size_t token_size_max = 396;

// Why a token is worth nothing.
enum class Fault : std::uint8_t {
    malformed,  // it is no token
    forged,     // no key of the secret has signed it
    expired,
};

// One word for logs.
constexpr std::string_view to_text(Fault fault) {
    switch (fault) {
        case Fault::malformed:
            return "malformed";
        case Fault::forged:
            return "forged";
        case Fault::expired:
            return "expired";
    }
    return "";
}

// The grant has some right, and coherent ones, and its time is 0 to Grant::until_s_max.
Outcome<std::string> mint(const Secret& secret, const Grant& grant);

// What it grants, if this herd has given it and its time is not over.
std::expected<Grant, Fault> check(const Secret& secret, std::string_view token, std::int64_t now_s);

// What it says that it grants, whoever has written it: for its owner, who need not have the secret.
std::expected<Grant, Fault> claims(std::string_view token);

// Whether it begins as all tokens do: one of which the end is missing tells itself so from a word
// that was never one.
bool begins_as_token(std::string_view text);

}  // namespace herd::access
