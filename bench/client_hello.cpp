#include "bench/client_hello.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>

namespace bench {

namespace {

// A length of that many bytes, and what it is the length of.
std::string counted(std::size_t width, const std::string& what) {
    std::string text;
    for (; width > 0; --width) text += static_cast<char>(what.size() >> (width - 1) * 8 & 0xFF);
    return text + what;
}

std::string bytes(std::initializer_list<unsigned> values) {
    std::string text;
    for (const unsigned value : values) text += static_cast<char>(value);
    return text;
}

std::string extension(unsigned type, const std::string& what) {
    return bytes({0, type}) + counted(2, what);
}

std::string make() {
    const std::string any(32, 'x');
    const std::string x25519 = bytes({0x00, 0x1D});
    const std::string tls_1_2 = bytes({0x03, 0x03});
    const std::string tls_1_3 = bytes({0x03, 0x04});
    const std::string aes_128_gcm_sha256 = bytes({0x13, 0x01});
    const std::string ecdsa_p256_rsa_pss = bytes({0x04, 0x03, 0x08, 0x04});
    const std::string extensions =
        extension(10, counted(2, x25519)) + extension(13, counted(2, ecdsa_p256_rsa_pss)) +
        extension(43, counted(1, tls_1_3)) + extension(51, counted(2, x25519 + counted(2, any)));
    const std::string hello = tls_1_2 + any + counted(1, {}) + counted(2, aes_128_gcm_sha256) +
                              counted(1, bytes({0})) + counted(2, extensions);
    return bytes({22, 0x03, 0x01}) + counted(2, bytes({1}) + counted(3, hello));
}

}  // namespace

std::string_view client_hello() {
    static const std::string hello = make();
    return hello;
}

}  // namespace bench
