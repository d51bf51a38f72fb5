#include "herd/keys/certificate.hpp"

#include "herd/wiping.hpp"

#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

namespace herd::keys {

namespace {

// What no outsider has a part in, and fails only without memory or without a source of chance.
void must(bool holds) {
    if (holds) return;
    const std::string why = openssl_trouble();
    std::fprintf(stderr, "herd: OpenSSL: %s\n", why.c_str());
    std::abort();
}

// Nobody is asked for a password.
int refuse_password(char*, int, int, void*) {
    return -1;
}

void set_serial(X509& certificate) {
    std::array<unsigned char, 16> bits{};
    must(RAND_bytes(bits.data(), bits.size()) == 1);
    bits[0] &= 0x7f;  // 127 of them: as a number it is positive, and no longer than these.
    const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
        BN_bin2bn(bits.data(), bits.size(), nullptr));
    must(number != nullptr);
    must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr);
}

void set_time(const ASN1_TIME* time, std::int64_t seconds) {
    must(ASN1_TIME_set(const_cast<ASN1_TIME*>(time), seconds) != nullptr);
}

void set_subject(X509& certificate, const std::string& text) {
    must(X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate),
                                    NID_commonName,
                                    MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()),
                                    -1,
                                    0) == 1);
}

// `value` is a constant of ours: it is read as in a configuration file of OpenSSL's, where commas
// and colons mean something.
void add_extension(X509& certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, &certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        X509V3_EXT_nconf_nid(nullptr, &context, kind, value));
    must(extension != nullptr);
    must(X509_add_ext(&certificate, extension.get(), -1) == 1);
}

void add_name(GENERAL_NAMES& all, int kind, const void* bytes, std::size_t size) {
    ASN1_STRING* const text =
        ASN1_STRING_type_new(kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    must(text != nullptr);
    must(ASN1_STRING_set(text, bytes, static_cast<int>(size)) == 1);
    GENERAL_NAME* const name = GENERAL_NAME_new();
    must(name != nullptr);
    GENERAL_NAME_set0_value(name, kind, text);
    must(sk_GENERAL_NAME_push(&all, name) > 0);
}

// Put together by hand: a server's name may have a comma.
void add_names(X509& certificate, const Wanted& wanted) {
    if (wanted.names.empty() && wanted.addresses.empty()) return;
    const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> all(sk_GENERAL_NAME_new_null());
    must(all != nullptr);
    for (const std::string& name : wanted.names) {
        add_name(*all, GEN_DNS, name.data(), name.size());
    }
    for (const reactor::Address& address : wanted.addresses) {
        add_name(*all, GEN_IPADD, address.bytes.data(), address.v6 ? 16 : 4);
    }
    must(X509_add1_ext_i2d(&certificate, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) ==
         1);
}

void add_purpose(X509& certificate, Purpose purpose) {
    if (purpose == Purpose::authority) {
        add_extension(certificate, nullptr, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
        return add_extension(certificate, nullptr, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    add_extension(certificate, nullptr, NID_key_usage, "critical,digitalSignature");
    const char* const use = purpose == Purpose::client        ? "clientAuth"
                            : purpose == Purpose::server_only ? "serverAuth"
                                                              : "serverAuth,clientAuth";
    add_extension(certificate, nullptr, NID_ext_key_usage, use);
}

// Some kinds of keys have one of their own, and take no other.
const EVP_MD* digest_for(EVP_PKEY& key) {
    constexpr int only_this = 2;
    std::array<char, 64> name{};
    const int said = EVP_PKEY_get_default_digest_name(&key, name.data(), name.size());
    const std::string_view digest(name.data());
    return said == only_this && (digest.empty() || digest == "UNDEF") ? nullptr : EVP_sha256();
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? std::int64_t{timegm(&parts)} : 0;
}

Memory reader_of(std::string_view text) {
    Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    must(memory != nullptr);
    return memory;
}

}  // namespace

Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    must(key != nullptr);
    return key;
}

Outcome<Certificate> make_certificate(const Wanted& wanted, EVP_PKEY& key, Issuer issuer) {
    assert(wanted.not_before < wanted.not_after);
    assert((issuer.certificate == nullptr) == (issuer.key == nullptr));
    Certificate made(X509_new());
    must(made != nullptr);
    must(X509_set_version(made.get(), X509_VERSION_3) == 1);
    set_serial(*made);
    set_time(X509_getm_notBefore(made.get()), wanted.not_before);
    set_time(X509_getm_notAfter(made.get()), wanted.not_after);
    set_subject(*made, wanted.subject);
    X509* const above = issuer.certificate != nullptr ? issuer.certificate : made.get();
    must(X509_set_issuer_name(made.get(), X509_get_subject_name(above)) == 1);
    must(X509_set_pubkey(made.get(), &key) == 1);
    add_purpose(*made, wanted.purpose);
    add_extension(*made, nullptr, NID_subject_key_identifier, "hash");
    if (X509_get0_subject_key_id(above) != nullptr && above != made.get()) {
        add_extension(*made, above, NID_authority_key_identifier, "keyid");
    }
    add_names(*made, wanted);
    EVP_PKEY* const signer = issuer.key != nullptr ? issuer.key : &key;
    if (X509_sign(made.get(), signer, digest_for(*signer)) <= 0) {
        return failure("cannot sign", openssl_trouble());
    }
    return made;
}

Certificate make_named(const std::string& name) {
    Certificate made(X509_new());
    must(made != nullptr);
    must(X509_set_version(made.get(), X509_VERSION_3) == 1);
    add_names(*made, {.names = {name}});
    return made;
}

// Secure memory: it is wiped when it grows and when it is given back.
Memory pem_of(EVP_PKEY& key) {
    const Wiping wiping;
    Memory memory(BIO_new(BIO_s_secmem()));
    must(memory != nullptr);
    must(PEM_write_bio_PKCS8PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) ==
         1);
    return memory;
}

Memory pem_of(X509& certificate) {
    Memory memory(BIO_new(BIO_s_mem()));
    must(memory != nullptr);
    must(PEM_write_bio_X509(memory.get(), &certificate) == 1);
    return memory;
}

std::string_view text_of(BIO& memory) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(&memory, &text);
    assert(size >= 0);
    return {text, static_cast<std::size_t>(size)};
}

Outcome<Key> parse_key(std::string_view pem) {
    const Wiping wiping;
    ERR_clear_error();
    const Memory memory = reader_of(pem);
    Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, refuse_password, nullptr));
    if (key != nullptr) {
        ERR_clear_error();
        return key;
    }
    openssl_trouble();
    if (pem.find("ENCRYPTED") != std::string_view::npos) {
        return std::unexpected("is encrypted with a password, which nobody is asked for");
    }
    return std::unexpected("holds no private key (PEM)");
}

Outcome<std::vector<Certificate>> parse_certificates(std::string_view pem) {
    ERR_clear_error();
    const Memory memory = reader_of(pem);
    std::vector<Certificate> all;
    while (true) {
        Certificate next(PEM_read_bio_X509(memory.get(), nullptr, refuse_password, nullptr));
        if (next == nullptr) break;
        all.push_back(std::move(next));
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string why = openssl_trouble();
    if (!at_end) return std::unexpected("has a certificate that cannot be read: " + why);
    if (all.empty()) return std::unexpected("holds no certificate (PEM)");
    return all;
}

bool is_for(X509& certificate, std::string_view name) {
    constexpr unsigned flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    return X509_check_host(&certificate, name.data(), name.size(), flags, nullptr) == 1;
}

std::int64_t not_before(const X509& certificate) {
    return seconds_of(X509_get0_notBefore(&certificate));
}

std::int64_t not_after(const X509& certificate) {
    return seconds_of(X509_get0_notAfter(&certificate));
}

std::string time_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return text.data();
}

}  // namespace herd::keys
