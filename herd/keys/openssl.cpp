#include "herd/keys/openssl.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>

namespace herd::keys {

void begin_openssl() {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    ERR_clear_error();
}

std::string openssl_trouble() {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason != nullptr ? reason : "OpenSSL does not say why";
}

}  // namespace herd::keys
