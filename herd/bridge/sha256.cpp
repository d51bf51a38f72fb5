#include "herd/bridge/sha256.hpp"

#include <cassert>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace herd::bridge {

namespace {

EVP_MD_CTX* context_of(void* context) {
    return static_cast<EVP_MD_CTX*>(context);
}

// What failed here must not look like a failure of the next one who uses OpenSSL on this thread.
std::nullopt_t give_up() {
    ERR_clear_error();
    return std::nullopt;
}

}  // namespace

void Sha256::Free::operator()(void* context) const {
    EVP_MD_CTX_free(context_of(context));
}

std::optional<Sha256> Sha256::make() {
    EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (algorithm == nullptr) return give_up();
    Sha256 sha256;
    sha256.context_.reset(EVP_MD_CTX_new());
    auto* const context = context_of(sha256.context_.get());
    const bool ready = context != nullptr && EVP_DigestInit_ex2(context, algorithm, nullptr) == 1;
    EVP_MD_free(algorithm);  // The context holds it.
    if (!ready) return give_up();
    return sha256;
}

std::optional<Sha256::Hash> Sha256::of(std::string_view bytes) {
    assert(context_ != nullptr);
    EVP_MD_CTX* const context = context_of(context_.get());
    Hash hash{};
    unsigned written = 0;
    // Without an algorithm it begins anew with the one that it has.
    const bool done = EVP_DigestInit_ex2(context, nullptr, nullptr) == 1 &&
                      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context, hash.data(), &written) == 1;
    if (!done || written != hash.size()) return give_up();
    return hash;
}

}  // namespace herd::bridge
