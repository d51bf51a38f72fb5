#include "herd/tls/context.hpp"

#include "herd/secret_file.hpp"
#include "herd/wiping.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace herd::tls {

namespace {

constexpr std::size_t key_size_max = std::size_t{16} << 10;
constexpr unsigned name_flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

std::unexpected<std::string> openssl_failure(const std::string& path) {
    // A file that cannot be opened stands first, in errno's words.
    const unsigned long first = ERR_peek_error();
    if (ERR_SYSTEM_ERROR(first)) {
        ERR_clear_error();
        return failure(path, reactor::Errno{ERR_GET_REASON(first)});
    }
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    const std::string why = reason != nullptr ? reason : "OpenSSL cannot use it";
    ERR_clear_error();
    return failure(path, why);
}

// What the machine's configuration of OpenSSL may have changed is said again.
bool set_protocol(SSL_CTX* context) {
    // Most clients would rather have AES-256, whose hash makes a handshake 8 % dearer. Who would
    // rather have ChaCha20 has no AES in the processor.
    SSL_CTX_set_options(context,
                        SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                            SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // A client that does not read its tickets and closes would take with it what it has sent.
    SSL_CTX_set_num_tickets(context, 0);
    // What is shown is not put together, and verified, for each handshake: see complete_chain().
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_max_early_data(context, 0);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
           SSL_CTX_set_ciphersuites(context,
                                    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                    "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

// Of a key that is locked with a password: nobody is there to be asked.
int no_password(char*, int, int, void*) {
    return 0;
}

// From here on a core dump would hold it.
Outcome<> use_key(SSL_CTX* context, const std::string& path) {
    const Wiping wiping;
    reactor::sys::forbid_dumps();
    SecretRoom<key_size_max> room;
    const auto text = read_secret_file(path, false, room.bytes);
    if (!text && text.error().value == EPERM) {
        return failure(path, "everybody on this machine can read or change it (chmod 600)");
    }
    if (!text) return failure(path, text.error());
    BIO* const bio = BIO_new_mem_buf(text->data(), static_cast<int>(text->size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, no_password, nullptr);
    BIO_free(bio);
    const bool used = key != nullptr && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!used || SSL_CTX_check_private_key(context) != 1) return openssl_failure(path);
    return {};
}

// What stands between the certificate and its authority is shown, too, be it in the file of the one
// or of the other. Where that leads to no authority, what is in the first is shown.
void complete_chain(SSL_CTX* context) {
    SSL_CTX_build_cert_chain(context,
                             SSL_BUILD_CHAIN_FLAG_UNTRUSTED | SSL_BUILD_CHAIN_FLAG_NO_ROOT |
                                 SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR);
    ERR_clear_error();
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return timegm(&parts);
}

}  // namespace

Files files_in(const std::string& folder, std::string_view name) {
    Files files{.authority = folder + "/ca.crt", .certificate = {}, .key = {}};
    if (name.empty()) return files;
    const std::string start = folder + "/" + std::string(name);
    files.certificate = start + ".crt";
    files.key = start + ".key";
    return files;
}

Outcome<Context> Context::load(Use use, const Files& files) {
    ERR_clear_error();
    Context made;
    made.context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX* const context = made.context_.get();
    if (context == nullptr || !set_protocol(context)) return openssl_failure("TLS");
    if (!files.certificate.empty()) {
        if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
            return openssl_failure(files.certificate);
        }
        if (auto used = use_key(context, files.key); !used) return std::unexpected(used.error());
        made.expires_s_ = seconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
    }
    if (use == Use::clients) return made;
    if (SSL_CTX_load_verify_file(context, files.authority.c_str()) != 1) {
        return openssl_failure(files.authority);
    }
    if (!files.certificate.empty()) complete_chain(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return made;
}

SslPtr Context::accept() const {
    SslPtr ssl(SSL_new(context_.get()));
    if (ssl != nullptr) SSL_set_accept_state(ssl.get());
    return ssl;
}

Outcome<> Context::believes_itself() const {
    const std::unique_ptr<X509_STORE_CTX, Free> verifying(X509_STORE_CTX_new());
    X509* const own = SSL_CTX_get0_certificate(context_.get());
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(context_.get(), &chain);
    X509_STORE* const believed = SSL_CTX_get_cert_store(context_.get());
    if (verifying == nullptr || X509_STORE_CTX_init(verifying.get(), believed, own, chain) != 1) {
        return std::unexpected("OpenSSL cannot verify it");
    }
    if (X509_verify_cert(verifying.get()) == 1) return {};
    return std::unexpected(
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(verifying.get())));
}

bool Context::is_for(const std::string& name) const {
    X509* const own = SSL_CTX_get0_certificate(context_.get());
    return own != nullptr &&
           X509_check_host(own, name.data(), name.size(), name_flags, nullptr) == 1;
}

// By the name alone: neither by a certificate's common name, nor by one with a star.
SslPtr Context::dial(const std::string& name) const {
    assert(!name.empty());
    SslPtr ssl(SSL_new(context_.get()));
    if (ssl == nullptr) return ssl;
    SSL_set_connect_state(ssl.get());
    SSL_set_hostflags(ssl.get(), name_flags);
    if (SSL_set1_host(ssl.get(), name.c_str()) != 1) return nullptr;
    return ssl;
}

}  // namespace herd::tls
