#include "herd/keys/certificate.hpp"

#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

#include <openssl/asn1.h>
#include <openssl/pem.h>

namespace keys_certificate_test {

using namespace keys_test;

namespace {

using Texts = std::vector<std::string>;

// As "DNS:Hands" and "IP:7f000001".
Texts alternative_names(const X509& certificate) {
    const std::unique_ptr<GENERAL_NAMES, keys::Freed<GENERAL_NAMES_free>> all(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    Texts names;
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
        int kind = 0;
        const auto* const value =
            static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
        const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                static_cast<std::size_t>(ASN1_STRING_length(value)));
        if (kind == GEN_DNS) names.push_back("DNS:" + bytes);
        if (kind != GEN_IPADD) continue;
        std::string hex = "IP:";
        for (const char each : bytes) {
            std::array<char, 3> two{};
            std::snprintf(two.data(), two.size(), "%02x", static_cast<unsigned char>(each));
            hex += two.data();
        }
        names.push_back(hex);
    }
    return names;
}

bool is_critical(const X509& certificate, int kind) {
    const int at = X509_get_ext_by_NID(&certificate, kind, -1);
    REQUIRE(at >= 0);
    return X509_EXTENSION_get_critical(X509_get_ext(&certificate, at)) == 1;
}

std::string bytes_of(const ASN1_OCTET_STRING* text) {
    if (text == nullptr) return "none";
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string pem_text(EVP_PKEY& key) {
    const auto pem = keys::pem_of(key);
    return std::string(keys::text_of(*pem));
}

}  // namespace

TEST_CASE("keys: what an authority's certificate says", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto authority = certificate_in(house / "ca.crt");
    CHECK(X509_check_ca(authority.get()) == 1);
    CHECK(X509_get_pathlen(authority.get()) == 0);
    CHECK(is_critical(*authority, NID_basic_constraints));
    CHECK(X509_get_key_usage(authority.get()) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
    CHECK(is_critical(*authority, NID_key_usage));
    CHECK(X509_get0_subject_key_id(authority.get()) != nullptr);
    CHECK(X509_get_version(authority.get()) == X509_VERSION_3);
    std::array<char, 32> name{};
    X509_NAME_get_text_by_NID(
        X509_get_subject_name(authority.get()), NID_commonName, name.data(), name.size());
    CHECK(std::string(name.data()) == "herd CA");
}

TEST_CASE("keys: what a server's and an operator's certificates say", "[herd][keys]") {
    KeyHouse house;
    house.make();
    const auto authority = certificate_in(house / "ca.crt");
    for (const std::string name : {"Hands", "operator"}) {
        INFO(name);
        const auto certificate = certificate_in(house / (name + ".crt"));
        CHECK(X509_check_ca(certificate.get()) == 0);
        CHECK(X509_get_key_usage(certificate.get()) == KU_DIGITAL_SIGNATURE);
        CHECK(is_critical(*certificate, NID_key_usage));
        CHECK(X509_get_extended_key_usage(certificate.get()) ==
              (name == "Hands" ? XKU_SSL_SERVER | XKU_SSL_CLIENT : XKU_SSL_CLIENT));
        CHECK(bytes_of(X509_get0_authority_key_id(certificate.get())) ==
              bytes_of(X509_get0_subject_key_id(authority.get())));
        CHECK(bytes_of(X509_get0_subject_key_id(certificate.get())).size() == 20);
        const std::int64_t from = keys::not_before(*certificate);
        CHECK(from <= now_s() - keys::day_s);
        CHECK(from > now_s() - 2 * keys::day_s);
        CHECK(keys::not_after(*certificate) - from == (keys::days_usual + 1) * keys::day_s);
        std::array<char, 32> curve{};
        CHECK(EVP_PKEY_get_group_name(
                  X509_get0_pubkey(certificate.get()), curve.data(), curve.size(), nullptr) == 1);
        CHECK(std::string(curve.data()) == "prime256v1");
        CHECK(live::read_file(house / (name + ".key")).starts_with("-----BEGIN PRIVATE KEY-----"));
    }
    CHECK(alternative_names(*certificate_in(house / "operator.crt")) == Texts{"DNS:operator"});
}

TEST_CASE("keys: a certificate names the server, and where it listens", "[herd][keys]") {
    KeyHouse house({"Loop", "Mixed", "Any", "Six", "a,DNS:Loop,IP:10.0.0.9"});
    auto& servers = house.config().servers;
    servers[1].clients = *reactor::Address::parse("10.0.0.7", 1);
    servers[1].peers = *reactor::Address::parse("10.1.0.7", 2);
    servers[1].clients_tls = *reactor::Address::parse("10.2.0.7", 3);
    servers[1].https = *reactor::Address::parse("10.3.0.7", 4);
    servers[1].phones_tls = *reactor::Address::parse("10.4.0.7", 5);
    servers[2].clients = *reactor::Address::parse("0.0.0.0", 1);
    servers[2].peers = *reactor::Address::parse("::", 2);
    servers[3].clients = *reactor::Address::parse("::1", 1);
    servers[3].peers = *reactor::Address::parse("10.0.0.8", 2);
    house.make();
    const auto names = [&](const std::string& name) {
        return alternative_names(*certificate_in(house / (name + ".crt")));
    };
    CHECK(names("Loop") == Texts{"DNS:Loop", "DNS:localhost", "IP:7f000001"});
    CHECK(names("Mixed") == Texts{"DNS:Mixed",
                                  "IP:0a000007",
                                  "IP:0a010007",
                                  "IP:0a020007",
                                  "IP:0a030007",
                                  "IP:0a040007"});
    CHECK(names("Any") == Texts{"DNS:Any"});
    CHECK(names("Six") ==
          Texts{"DNS:Six", "DNS:localhost", "IP:00000000000000000000000000000001", "IP:0a000008"});
    // A comma separates nothing.
    CHECK(names(servers[4].name) ==
          Texts{"DNS:" + servers[4].name, "DNS:localhost", "IP:7f000001"});
    CHECK(house.findings().empty());
}

TEST_CASE("keys: serial numbers are positive, at most 127 bits long, and never the same",
          "[herd][keys]") {
    const auto key = keys::make_key();
    std::set<std::string> all;
    int longest = 0;
    for (int i = 0; i < 64; ++i) {
        const auto made =
            keys::make_certificate({.subject = "a", .not_before = 1, .not_after = 2}, *key, {});
        REQUIRE(made);
        const ASN1_INTEGER* const serial = X509_get0_serialNumber((*made).get());
        const std::unique_ptr<BIGNUM, keys::Freed<BN_free>> number(
            ASN1_INTEGER_to_BN(serial, nullptr));
        CHECK(BN_is_negative(number.get()) == 0);
        longest = std::max(longest, BN_num_bits(number.get()));
        all.insert(std::string(reinterpret_cast<const char*>(serial->data),
                               static_cast<std::size_t>(serial->length)));
    }
    CHECK(all.size() == 64);
    CHECK(longest <= 127);
    CHECK(longest > 120);
}

TEST_CASE("keys: a key is written and read again", "[herd][keys]") {
    const auto key = keys::make_key();
    const auto again = keys::parse_key(pem_text(*key));
    REQUIRE(again);
    CHECK(EVP_PKEY_eq((*again).get(), key.get()) == 1);
    CHECK(EVP_PKEY_eq(keys::make_key().get(), key.get()) == 0);
}

TEST_CASE("keys: what is no key is refused", "[herd][keys]") {
    const auto key = keys::make_key();
    const std::string text = pem_text(*key);
    const auto refusal = [](const std::string& pem) {
        const auto parsed = keys::parse_key(pem);
        return parsed ? "" : parsed.error();
    };
    for (const std::string& wrong : {std::string(),
                                     std::string("key"),
                                     text.substr(0, text.size() / 2),
                                     "x" + text.substr(40)}) {
        CHECK(refusal(wrong) == "holds no private key (PEM)");
    }
    const keys::Memory open(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(open.get(), key.get());
    CHECK(refusal(std::string(keys::text_of(*open))) == "holds no private key (PEM)");
    // Both ways that a key can have a password, also an empty one.
    for (const bool old : {false, true}) {
        const keys::Memory pem(BIO_new(BIO_s_mem()));
        const auto* const word = reinterpret_cast<const unsigned char*>("abcd");
        const int written =
            old ? PEM_write_bio_PrivateKey_traditional(
                      pem.get(), key.get(), EVP_aes_256_cbc(), word, 4, nullptr, nullptr)
                : PEM_write_bio_PKCS8PrivateKey(
                      pem.get(), key.get(), EVP_aes_256_cbc(), "", 0, nullptr, nullptr);
        REQUIRE(written == 1);
        CHECK(refusal(std::string(keys::text_of(*pem))) ==
              "is encrypted with a password, which nobody is asked for");
    }
}

TEST_CASE("keys: a file may have several certificates, and one that is cut is refused",
          "[herd][keys]") {
    KeyHouse house;
    house.make();
    const std::string one = live::read_file(house / "Hands.crt");
    const std::string two = one + "text between\n" + live::read_file(house / "ca.crt");
    const auto count = [](const std::string& pem) {
        const auto all = keys::parse_certificates(pem);
        return all ? (*all).size() : 0;
    };
    CHECK(count(one) == 1);
    CHECK(count(two) == 2);
    CHECK(count("") == 0);
    CHECK(count("certificate") == 0);
    CHECK(count(two.substr(0, two.size() - 40)) == 0);
    CHECK(count(one.substr(0, 100)) == 0);
    std::string spoilt = two;
    spoilt[one.size() + 100] = '!';
    CHECK(count(spoilt) == 0);
}

TEST_CASE("keys: an authority of another kind signs as well", "[herd][keys]") {
    const auto leaf = keys::make_key();
    for (const char* const kind : {"ED25519", "RSA"}) {
        const keys::Key key(std::string(kind) == "RSA"
                                ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                                : EVP_PKEY_Q_keygen(nullptr, nullptr, kind));
        REQUIRE(key != nullptr);
        const auto authority = keys::make_certificate(
            {.subject = "x", .purpose = keys::Purpose::authority, .not_before = 1, .not_after = 2},
            *key,
            {});
        INFO(kind << (authority ? "" : authority.error()));
        REQUIRE(authority);
        const auto made = keys::make_certificate({.subject = "a", .not_before = 1, .not_after = 2},
                                                 *leaf,
                                                 {(*authority).get(), key.get()});
        REQUIRE(made);
        CHECK(X509_verify((*made).get(), key.get()) == 1);
    }
    // One that can only agree on secrets.
    const keys::Key exchange(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    CHECK_FALSE(
        keys::make_certificate({.subject = "a", .not_before = 1, .not_after = 2}, *exchange, {}));
}

TEST_CASE("keys: times are told in UTC", "[herd][keys]") {
    CHECK(keys::time_text(0) == "1970-01-01 00:00:00 UTC");
    CHECK(keys::time_text(4'102'444'799) == "2099-12-31 23:59:59 UTC");
    const auto key = keys::make_key();
    for (const std::int64_t until : {std::int64_t{2'524'607'999}, std::int64_t{4'102'444'799}}) {
        const auto made = keys::make_certificate(
            {.subject = "a", .not_before = 1'000'000'000, .not_after = until}, *key, {});
        CHECK(keys::not_before(**made) == 1'000'000'000);
        CHECK(keys::not_after(**made) == until);
    }
}

}  // namespace keys_certificate_test
