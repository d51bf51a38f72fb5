#pragma once

#include "herd/keys/openssl.hpp"
#include "herd/outcome.hpp"
#include "reactor/address.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Keys and certificates as values. That memory is exhausted ends the process, as everywhere.
namespace herd::keys {

enum class Purpose : std::uint8_t {
    authority,    // signs the others, and nothing below these
    server,       // both ends of a link: a server also dials
    client,       // dials only
    server_only,  // never dials: of no use to a server
};

// What a certificate is to say.
struct Wanted {
    std::string subject = {};  // its common name, for people
    Purpose purpose = Purpose::server;
    std::vector<std::string> names = {};           // DNS names, byte for byte
    std::vector<reactor::Address> addresses = {};  // without their ports
    std::int64_t not_before = 0;                   // seconds since 1970-01-01 UTC
    std::int64_t not_after = 0;
};

struct Issuer {
    X509* certificate = nullptr;
    EVP_PKEY* key = nullptr;
};

Key make_key();  // ECDSA, P-256
// For that key; signed by itself when there is no issuer. Fails when a key that was not made here
// cannot sign.
Outcome<Certificate> make_certificate(const Wanted& wanted, EVP_PKEY& key, Issuer issuer);
// Only to see whom a certificate with this name is for: nobody signs it.
Certificate make_named(const std::string& name);

// PEM. A key is PKCS#8, without a password.
Memory pem_of(EVP_PKEY& key);
Memory pem_of(X509& certificate);
std::string_view text_of(BIO& memory);  // while it is there
// Never asks for a password: a key that has one is refused.
Outcome<Key> parse_key(std::string_view pem);
// At least one.
Outcome<std::vector<Certificate>> parse_certificates(std::string_view pem);

// Whether it is for a server of this name, as OpenSSL sees it: by its DNS names alone, and a
// wildcard matches nothing.
bool is_for(X509& certificate, std::string_view name);
std::int64_t not_before(const X509& certificate);
std::int64_t not_after(const X509& certificate);

// "2036-11-26 10:00:00 UTC"
std::string time_text(std::int64_t seconds);

inline constexpr std::int64_t day_s = 86'400;
// So long before a certificate expires, that is said.
inline constexpr std::int64_t warned_of_s = 30 * day_s;

}  // namespace herd::keys
