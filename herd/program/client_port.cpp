#include "herd/program/client_port.hpp"

#include "herd/tls/context.hpp"

namespace herd::program {

// Whom to believe is all that a client needs.
Outcome<> ClientPort::open(const config::Config& config) {
    if (!sealed()) return {};
    tls::Files files = tls::files_in(config.keys, {});
    if (!options_.authority.empty()) files.authority = options_.authority;
    return dialler_.open(files, reactor::Seal::record_max);
}

}  // namespace herd::program
