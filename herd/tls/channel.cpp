#include "herd/tls/channel.hpp"

#include <array>
#include <cassert>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace herd::tls {

namespace {

// In OpenSSL's words: what is wrong with a certificate first, as the rest follows from that.
std::string why(const SSL* ssl) {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    const char* const known = ERR_reason_error_string(ERR_peek_last_error());
    const std::string_view reason = known != nullptr ? known : "the connection ended";
    // "tlsv1 alert unknown ca". Of 1.3's alerts SSL_alert_desc_string_long() does not know all.
    constexpr std::string_view mark = " alert ";
    const std::size_t alert = reason.find(mark);
    if (alert == std::string_view::npos) return std::string(reason);
    return "the other side says: " + std::string(reason.substr(alert + mark.size()));
}

// What comes first is no record.
bool is_plain() {
    const unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER;
}

// libcurl leaves errors of its own in this thread's queue, where SSL_get_error would find them: so
// it is emptied before each call. To empty an empty one takes OpenSSL a thousand instructions.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

// A server that has said all, and wants no certificate, has one more message to hear: some 20 us.
bool wants_little(const SSL* ssl) {
    std::array<char, EVP_MAX_MD_SIZE> finished{};
    return SSL_is_server(ssl) == 1 && SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE &&
           SSL_get_finished(ssl, finished.data(), finished.size()) > 0;
}

}  // namespace

Channel::Channel(Exchange& exchange, SslPtr ssl) : exchange_(exchange), ssl_(std::move(ssl)) {
    assert(ssl_ != nullptr);
    ++exchange_.channels_;
}

reactor::Seal::Shaken Channel::shake(int fd) {
    assert(!attached_);
    assert(refusal_.empty());
    forget_errors();
    if (SSL_get_fd(ssl_.get()) != fd && SSL_set_fd(ssl_.get(), fd) != 1) {
        refusal_ = "no memory";
        return Shaken::refused;
    }
    const int returned = SSL_do_handshake(ssl_.get());
    if (returned == 1) return Shaken::done;
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return wants_little(ssl_.get()) ? Shaken::wants_little : Shaken::wants_input;
        case SSL_ERROR_WANT_WRITE:
            return Shaken::wants_output;
        default:
            break;
    }
    const bool plain = is_plain();
    refusal_ = plain ? "the other side does not speak TLS" : why(ssl_.get());
    // Here, and not on the loop's thread: by now it has tens of kilobytes.
    ssl_.reset();
    return plain ? Shaken::plain : Shaken::refused;
}

// From the socket to the exchange, on the loop's thread.
void Channel::attach() {
    if (std::exchange(attached_, true)) return;
    BIO_up_ref(exchange_.bio());
    BIO_up_ref(exchange_.bio());
    SSL_set0_rbio(ssl_.get(), exchange_.bio());
    SSL_set0_wbio(ssl_.get(), exchange_.bio());
    SSL_set_msg_callback(ssl_.get(), on_message);
    SSL_set_msg_callback_arg(ssl_.get(), this);
}

// Called for each message that is no data: of those, after the handshake, only new keys may come.
// NOLINTNEXTLINE(readability-function-size): what OpenSSL calls.
void Channel::on_message(int write, int, int type, const void*, std::size_t, SSL*, void* self) {
    auto& channel = *static_cast<Channel*>(self);
    if (write != 0 || type != SSL3_RT_HANDSHAKE) return;
    if (--channel.key_updates_ >= 0) return;
    channel.broken_ = true;
    channel.refusal_ = "new keys again and again";
    channel.exchange_.stop();
}

reactor::Seal::Opened Channel::open(std::span<const char> sealed, std::span<char> plain) {
    assert(!broken_);
    attach();
    Opened opened;
    exchange_.lend(sealed);
    if (++opened_ % opens_per_key_update == 0 && key_updates_ < key_updates_max) ++key_updates_;
    forget_errors();
    while (true) {
        const std::span<char> left = plain.subspan(opened.count);
        assert(!left.empty());
        std::size_t count = 0;
        const int returned = SSL_read_ex(ssl_.get(), left.data(), left.size(), &count);
        opened.count += count;
        // To ask in vain takes 140 ns.
        if (returned == 1 && exchange_.all_read() && SSL_pending(ssl_.get()) == 0) break;
        if (returned == 1) continue;
        switch (SSL_get_error(ssl_.get(), returned)) {
            case SSL_ERROR_WANT_READ:
                break;
            case SSL_ERROR_ZERO_RETURN:
                opened.end = End::farewell;
                break;
            default:
                broken_ = true;
                if (refusal_.empty()) refusal_ = why(ssl_.get());
        }
        break;
    }
    exchange_.stop();
    if (broken_) opened.end = End::broken;
    opened.partial = SSL_has_pending(ssl_.get()) != 0;
    return opened;
}

std::string_view Channel::seal(std::string_view plain) {
    assert(!plain.empty());
    attach();
    exchange_.lend({});
    if (broken_) return {};
    forget_errors();
    renew_keys_when_due(plain.size());
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count) != 1) {
        broken_ = true;
        return {};
    }
    assert(count == plain.size());
    return exchange_.output();
}

// With the next record the other side is told.
void Channel::renew_keys_when_due(std::size_t plain) {
    sealed_ += plain / record_max + 1;
    if (sealed_ < records_per_key_) return;
    sealed_ = 0;
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
}

std::string_view Channel::farewell() {
    attach();
    exchange_.lend({});
    if (broken_ || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return {};
    forget_errors();
    SSL_shutdown(ssl_.get());
    return exchange_.output();
}

bool Channel::proves(std::string_view name) const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr || name.empty()) return false;
    constexpr unsigned flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    return X509_check_host(certificate, name.data(), name.size(), flags, nullptr) == 1;
}

}  // namespace herd::tls
