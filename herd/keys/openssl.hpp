#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// What OpenSSL makes, owned. Each of these functions also wipes what is secret.
namespace herd::keys {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* it) const {
        Free(it);
    }
};

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

// Before anything else of OpenSSL's: the environment's OPENSSL_CONF is not read, as it may change
// what is made and what is believed.
void begin_openssl();

// Why the latest call of OpenSSL's failed, in its words; forgets all that failed before.
std::string openssl_trouble();

}  // namespace herd::keys
