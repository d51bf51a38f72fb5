#include "tests/live/sealed_client.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <poll.h>

namespace live {

namespace {

using Bytes = std::vector<unsigned char>;

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

// RFC 8446, 7.1: HKDF-Expand-Label, without context, of at most 32 bytes.
Bytes expand(std::string_view secret, std::string_view label, std::size_t size) {
    std::string info = {0, static_cast<char>(size), static_cast<char>(label.size() + 6)};
    info += "tls13 " + std::string(label) + std::string(1, '\0') + '\1';
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned count = 0;
    HMAC(EVP_sha256(),
         secret.data(),
         static_cast<int>(secret.size()),
         bytes_of(info),
         info.size(),
         out.data(),
         &count);
    out.resize(size);
    return out;
}

// Whether it can be read or written within the deadline.
void wait_for(int fd, short events) {
    pollfd what{fd, events, 0};
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline);
    must(::poll(&what, 1, static_cast<int>(time.count())) > 0, "the server did nothing in time");
}

}  // namespace

SealedClient::SealedClient(std::uint16_t port, const Whom& whom) : socket_(port) {
    must(socket_.connect(), "nobody listens");
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    must(context != nullptr, "SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, whom.old ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context, whom.old ? TLS1_2_VERSION : TLS1_3_VERSION);
    // For which forge() is made.
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* line) {
        const std::string_view text(line);
        if (!text.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
        auto& client = *static_cast<SealedClient*>(SSL_get_app_data(ssl));
        client.secret_ = from_hex(text.substr(text.rfind(' ') + 1));
    });
    if (!whom.authority.empty()) {
        must(SSL_CTX_load_verify_file(context, whom.authority.c_str()) == 1, "authority");
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (!whom.certificate.empty()) {
        must(SSL_CTX_use_certificate_file(context, whom.certificate.c_str(), SSL_FILETYPE_PEM) == 1,
             "certificate");
        must(SSL_CTX_use_PrivateKey_file(context, whom.key.c_str(), SSL_FILETYPE_PEM) == 1, "key");
    }
    ssl_ = SSL_new(context);
    SSL_CTX_free(context);
    must(ssl_ != nullptr, "SSL_new");
    SSL_set_app_data(ssl_, this);
    SSL_set_connect_state(ssl_);
    if (!whom.name.empty()) SSL_set1_host(ssl_, whom.name.c_str());
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);
}

SealedClient::~SealedClient() {
    SSL_free(ssl_);
}

std::string SealedClient::flight() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_) == 0) {
        const int error = SSL_get_error(ssl_, SSL_do_handshake(ssl_));
        if (error == SSL_ERROR_SSL) ending_ = ERR_reason_error_string(ERR_peek_last_error());
    }
    char* bytes = nullptr;
    BIO* const out = SSL_get_wbio(ssl_);
    const long count = BIO_get_mem_data(out, &bytes);
    std::string taken(bytes, static_cast<std::size_t>(count));
    BIO_reset(out);
    return taken;
}

std::string SealedClient::shake_but_last() {
    std::string next = flight();
    while (SSL_is_init_finished(ssl_) == 0) {
        put(next);
        if (!receive()) return {};
        next = flight();
    }
    return next;
}

bool SealedClient::shake() {
    const std::string last = shake_but_last();
    put(last);
    return !last.empty();
}

std::string SealedClient::seal(std::string_view plain) {
    ERR_clear_error();
    must(SSL_write(ssl_, plain.data(), static_cast<int>(plain.size())) > 0, "SSL_write");
    return flight();
}

std::string SealedClient::farewell() {
    SSL_shutdown(ssl_);
    return flight();
}

std::string SealedClient::new_keys(bool ask_for_theirs) {
    SSL_key_update(ssl_, ask_for_theirs ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_);
    return flight();
}

std::string SealedClient::forge(char type, std::string_view plain, std::size_t zeros) {
    constexpr std::size_t tag_size = 16;
    const Bytes key = expand(secret_, "key", 16);
    Bytes nonce = expand(secret_, "iv", 12);
    for (std::size_t i = 0; i < 8; ++i) {
        nonce[11 - i] = static_cast<unsigned char>(nonce[11 - i] ^ (forged_ >> (8 * i)));
    }
    ++forged_;
    const std::string inner = std::string(plain) + type + std::string(zeros, '\0');
    const std::size_t size = inner.size() + tag_size;
    std::string record = {23, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size)};
    std::string sealed(size, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    int count = 0;
    EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, key.data(), nonce.data());
    EVP_EncryptUpdate(cipher, nullptr, &count, bytes_of(record), static_cast<int>(record.size()));
    EVP_EncryptUpdate(cipher, out, &count, bytes_of(inner), static_cast<int>(inner.size()));
    EVP_EncryptFinal_ex(cipher, out + count, &count);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tag_size, out + inner.size());
    EVP_CIPHER_CTX_free(cipher);
    return record + sealed;
}

void SealedClient::put(std::string_view bytes) const {
    while (!bytes.empty()) {
        wait_for(fd(), POLLOUT);
        const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        // Who has ended is asked why when it is read from.
        if (sent < 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool SealedClient::receive() {
    if (!ending_.empty()) return false;
    wait_for(fd(), POLLIN);
    std::array<char, 16384> bytes{};
    const auto got = ::recv(fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) {
        ending_ = got == 0 ? "a bare end" : "a reset";
        return false;
    }
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(got));
    if (SSL_is_init_finished(ssl_) != 0) open();
    return ending_.empty();
}

void SealedClient::open() {
    std::array<char, 16384> bytes{};
    ERR_clear_error();
    int count = 0;
    while ((count = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()))) > 0) {
        plain_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    const int error = SSL_get_error(ssl_, count);
    if (error == SSL_ERROR_ZERO_RETURN) ending_ = "close notify";
    if (error == SSL_ERROR_SSL) ending_ = ERR_reason_error_string(ERR_peek_last_error());
}

std::string SealedClient::serial() const {
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(SSL_get0_peer_certificate(ssl_));
    const auto* const bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial));
    return {bytes, static_cast<std::size_t>(ASN1_STRING_length(serial))};
}

std::string SealedClient::read_all() {
    while (receive()) {
    }
    return std::exchange(plain_, {});
}

std::string SealedClient::read_until(std::string_view mark) {
    std::size_t end = plain_.find(mark);
    while (end == std::string::npos && receive()) end = plain_.find(mark);
    if (end == std::string::npos) end = plain_.find(mark);
    std::string taken =
        plain_.substr(0, end == std::string::npos ? plain_.size() : end + mark.size());
    plain_.erase(0, taken.size());
    return taken;
}

}  // namespace live
