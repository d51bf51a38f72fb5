#include "herd/access/mac.hpp"

#include <cassert>
#include <cstddef>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace herd::access {

namespace {

EVP_MAC_CTX* context_of(void* context) {
    return static_cast<EVP_MAC_CTX*>(context);
}

const unsigned char* unsigned_bytes(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

// What failed here must not look like a failure of the next one who uses OpenSSL on this thread.
std::nullopt_t give_up() {
    ERR_clear_error();
    return std::nullopt;
}

}  // namespace

void Mac::Free::operator()(void* context) const {
    EVP_MAC_CTX_free(context_of(context));
}

std::optional<Mac> Mac::make(std::string_view key) {
    assert(!key.empty());
    EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    if (algorithm == nullptr) return give_up();
    Mac mac;
    mac.context_.reset(EVP_MAC_CTX_new(algorithm));
    EVP_MAC_free(algorithm);  // The context holds it.
    if (mac.context_ == nullptr) return give_up();
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const int ready =
        EVP_MAC_init(context_of(mac.context_.get()), unsigned_bytes(key), key.size(), parameters);
    if (ready != 1) return give_up();
    return mac;
}

std::optional<Mac::Tag> Mac::of(std::string_view bytes) const {
    assert(context_ != nullptr);
    EVP_MAC_CTX* const context = context_of(context_.get());
    Tag tag{};
    std::size_t size = 0;
    // Without a key it begins anew with the one that it has.
    const bool done = EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(context, unsigned_bytes(bytes), bytes.size()) == 1 &&
                      EVP_MAC_final(context, tag.data(), &size, tag.size()) == 1;
    if (!done || size != tag.size()) return give_up();
    return tag;
}

bool same(const Mac::Tag& one, const Mac::Tag& other) {
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace herd::access
