#include "herd/program/client_port.hpp"

#include "herd/tls/context.hpp"

namespace herd::program {

// Whom to believe is all that a client needs.
Outcome<> ClientPort::open(const config::Config& config) {
    if (!server_.takes_clients()) {
        return std::unexpected(server_.name + " is a bridge that takes no clients");
    }
    // Who says whom to believe means to be sure whom he talks with.
    if (!sealed() && !options_.authority.empty() && !options_.plain) {
        return std::unexpected(server_.name +
                               " has no clients_tls in the configuration, so nothing would be "
                               "encrypted: say --plain, without --ca, if that is meant");
    }
    if (!sealed()) return {};
    tls::Files files = tls::files_in(config.keys, {});
    if (!options_.authority.empty()) files.authority = options_.authority;
    return dialler_.open(files, reactor::Seal::record_max);
}

}  // namespace herd::program
