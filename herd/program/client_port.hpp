#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/tls/dialler.hpp"
#include "reactor/address.hpp"
#include "reactor/seal.hpp"

#include <string>

namespace herd::program {

// How a program goes to a server's clients' port.
struct ClientOptions {
    bool plain = false;     // not where the server speaks TLS, though it does
    std::string authority;  // file with the certificates that are believed; empty: ca.crt of `keys`
};

// That port: where the server speaks TLS (`clients_tls`), this does, and lets it prove its name.
// Outlives the seals.
class ClientPort {
public:
    ClientPort(const config::Server& server, const ClientOptions& options)
        : server_(server), options_(options) {}

    // Once, first. Says which file is wrong, and how.
    Outcome<> open(const config::Config& config);
    const reactor::Address& address() const {
        return sealed() ? *server_.clients_tls : server_.clients;
    }
    bool sealed() const { return server_.clients_tls && !options_.plain; }
    // For one connection; null: none is needed, or there is no memory.
    reactor::SealPtr make_seal() { return sealed() ? dialler_.dial(server_.name) : nullptr; }

private:
    const config::Server& server_;
    const ClientOptions& options_;
    tls::Dialler dialler_;
};

}  // namespace herd::program
