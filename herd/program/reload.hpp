#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/places/upstream.hpp"
#include "herd/program/certificate_watch.hpp"
#include "herd/server.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "reactor/delegate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace herd::program {

// What a server does when it is told to read its files again: a new log file, and configuration,
// secret, key and certificates anew. All of it or nothing: what is wrong, or needs a restart, has
// everything stay as it is, but for the log's file. What settings are taken so stands in
// docs/configuration.md. All that it is given outlives it.
class Reload {
public:
    // The file, read again.
    using Read = reactor::Delegate<Outcome<config::Config>()>;

    // `running` is what the server refers to, and `self` its own part.
    Reload(config::Config& running,
           const config::Server& self,
           Read read,
           Server& server,
           places::Upstream& places,
           tls::OpensslSealer& sealer,
           CertificateWatch& certificate)
        : running_(running),
          self_(self),
          read_(read),
          server_(server),
          places_(places),
          sealer_(sealer),
          certificate_(certificate) {}

    void run();

private:
    Outcome<> take(const config::Config& wanted);
    void refuse(std::string_view why);

    config::Config& running_;
    const config::Server& self_;
    Read read_;
    Server& server_;
    places::Upstream& places_;
    tls::OpensslSealer& sealer_;
    CertificateWatch& certificate_;
};

}  // namespace herd::program
