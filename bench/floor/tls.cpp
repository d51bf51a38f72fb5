#include "bench/floor/tls.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/err.h>

namespace bench::floor {

namespace {

// Says what OpenSSL has against it.
void need(bool done, const std::string& what) {
    if (done) return;
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    std::fprintf(stderr,
                 "herd-floor: %s: %s\n",
                 what.c_str(),
                 reason != nullptr ? reason : "OpenSSL cannot");
    std::exit(1);
}

ContextPtr any_context() {
    ContextPtr context{SSL_CTX_new(TLS_method())};
    need(context != nullptr, "TLS");
    SSL_CTX* const made = context.get();
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(made, 0);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    need(SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION) == 1, "TLS 1.3");
    need(SSL_CTX_set1_groups_list(made, "X25519") == 1, "X25519");
    need(SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256") == 1, "AES-128-GCM");
    return context;
}

SslPtr on_bio(const ContextPtr& context, BIO* bio) {
    SslPtr ssl{SSL_new(context.get())};
    need(ssl != nullptr, "TLS");
    BIO_up_ref(bio);
    BIO_up_ref(bio);
    SSL_set0_rbio(ssl.get(), bio);
    SSL_set0_wbio(ssl.get(), bio);
    return ssl;
}

}  // namespace

ContextPtr server_context(const std::string& keys, const std::string& name) {
    ContextPtr context = any_context();
    const std::string certificate = keys + "/" + name + ".crt";
    const std::string key = keys + "/" + name + ".key";
    need(SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) == 1, certificate);
    need(SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) == 1, key);
    return context;
}

ContextPtr client_context(const std::string& keys) {
    ContextPtr context = any_context();
    const std::string authority = keys + "/ca.crt";
    need(SSL_CTX_load_verify_file(context.get(), authority.c_str()) == 1, authority);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    return context;
}

SslPtr accept_tls(const ContextPtr& context, BIO* bio) {
    SslPtr ssl = on_bio(context, bio);
    SSL_set_accept_state(ssl.get());
    return ssl;
}

SslPtr dial_tls(const ContextPtr& context, BIO* bio, const std::string& name) {
    SslPtr ssl = on_bio(context, bio);
    SSL_set_connect_state(ssl.get());
    need(SSL_set1_host(ssl.get(), name.c_str()) == 1, name);
    return ssl;
}

SharedBio::SharedBio() {
    static BIO_METHOD* const method = [] {
        const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
        BIO_METHOD* const made = BIO_meth_new(type, "shared");
        need(made != nullptr, "BIO");
        BIO_meth_set_read_ex(made, read);
        BIO_meth_set_write_ex(made, write);
        BIO_meth_set_ctrl(
            made, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
        return made;
    }();
    bio_ = BIO_new(method);
    need(bio_ != nullptr, "BIO");
    BIO_set_data(bio_, this);
    BIO_set_init(bio_, 1);
}

int SharedBio::read(BIO* bio, char* to, std::size_t size, std::size_t* count) {
    auto& shared = *static_cast<SharedBio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *count = std::min(size, shared.in_.size());
    if (*count == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    std::memcpy(to, shared.in_.data(), *count);
    shared.in_.remove_prefix(*count);
    return 1;
}

int SharedBio::write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    auto& shared = *static_cast<SharedBio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    shared.out_.append(from, size);
    *count = size;
    return 1;
}

}  // namespace bench::floor
