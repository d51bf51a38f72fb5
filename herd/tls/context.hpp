#pragma once

#include "herd/outcome.hpp"
#include "herd/tls/channel.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace herd::tls {

// Whom a Context is for.
enum class Use : std::uint8_t {
    clients,  // takes connections of those who need show nothing
    peers,    // takes connections of those who show a certificate of the herd's authority
    dialler,  // dials those who do, and shows one where it has one
};

// Paths of PEM files: what `herd keys` makes.
struct Files {
    std::string authority;    // whose certificates are believed; not read for Use::clients
    std::string certificate;  // of this side, and the chain behind it; may be empty for a dialler
    std::string key;          // to it: nobody but its owner (and a group) may read the file
};
// Those of `name` in such a folder; "": of somebody who shows nothing.
Files files_in(const std::string& folder, std::string_view name);

// What one side shows, and whom it believes: read once. TLS 1.3 and nothing else, no tickets, no
// early data, whatever the machine's own configuration of OpenSSL says. To read changed files is to
// make a new one: channels that there are keep the old one's part of it.
class Context {
public:
    Context() = default;  // None yet.

    // Says which file is wrong, and how.
    static Outcome<Context> load(Use use, const Files& files);

    // Of a connection that was accepted. Null when there is no memory.
    SslPtr accept() const;
    // Of one that was dialled, to who must prove this name.
    SslPtr dial(const std::string& name) const;

    // Whether this side's certificate is one that it would believe itself, by the clock, now.
    Outcome<> believes_itself() const;
    // Whether it is for whoever is dialled by this name, as dial() has it.
    bool is_for(const std::string& name) const;
    // Until when this side's certificate is good, in seconds since 1970; 0: it shows none.
    std::int64_t expires_s() const { return expires_s_; }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(X509_STORE_CTX* verifying) const { X509_STORE_CTX_free(verifying); }
    };

    std::unique_ptr<SSL_CTX, Free> context_;
    std::int64_t expires_s_ = 0;
};

}  // namespace herd::tls
