#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace bench::floor {

struct FreeTls {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeTls>;
using SslPtr = std::unique_ptr<SSL, FreeTls>;

// TLS 1.3 as a herd speaks it with its clients, with what `herd keys` has made. What is missing
// ends the process.
ContextPtr server_context(const std::string& keys, const std::string& name);
// Believes the authority of these keys.
ContextPtr client_context(const std::string& keys);

// Of a connection of either side, which reads and writes there.
SslPtr accept_tls(const ContextPtr& context, BIO* bio);
SslPtr dial_tls(const ContextPtr& context, BIO* bio, const std::string& name);

// One BIO for all connections: OpenSSL reads what has just been received, and leaves behind one
// another what is to be sent.
class SharedBio {
public:
    SharedBio();
    SharedBio(const SharedBio&) = delete;
    SharedBio& operator=(const SharedBio&) = delete;
    ~SharedBio() { BIO_free(bio_); }

    BIO* bio() const { return bio_; }
    // What may be read, for as long as it is there; and nothing is left to be sent.
    void lend(std::string_view bytes) {
        in_ = bytes;
        out_.clear();
    }
    std::string_view output() const { return out_; }

private:
    static int read(BIO* bio, char* to, std::size_t size, std::size_t* count);
    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count);

    std::string_view in_;
    std::string out_;
    BIO* bio_;
};

}  // namespace bench::floor
