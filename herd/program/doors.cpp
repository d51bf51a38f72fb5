#include "herd/program/doors.hpp"

#include "herd/config/text.hpp"

#include <optional>

namespace herd::program {

std::vector<Door> doors(const config::Server& server) {
    std::vector<Door> all;
    const auto add = [&](std::string_view setting, const std::optional<reactor::Address>& at) {
        if (at && !server.legacy) all.push_back({setting, *at});
    };
    if (server.takes_clients()) add("clients", server.clients);
    add("clients_tls", server.clients_tls);
    add("http", server.http);
    add("https", server.https);
    add("phones", server.phones);
    add("phones_tls", server.phones_tls);
    add("udp", server.udp);
    return all;
}

std::string peers_address(const config::Server& server) {
    return server.peers_name.empty() ? config::text_of(server.peers)
                                     : server.peers_name + ":" + std::to_string(server.peers.port);
}

}  // namespace herd::program
