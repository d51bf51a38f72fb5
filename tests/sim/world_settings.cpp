// What changes while a herd runs: settings that are taken live, and where names lead.
#include "tests/sim/no_allocation.hpp"
#include "tests/sim/world.hpp"

#include <cstdint>

namespace sim {

// At SIGHUP a program reads files, and may allocate.
void World::reload() {
    const Host host = static_cast<Host>(settings_random_.below(processes_.size()));
    if (processes_[host] == nullptr) return;
    herd::config::Limits& limits = configs_[host].limits;
    limits.records_per_turn = static_cast<std::uint32_t>(settings_random_.between(1, 64));
    limits.visits_per_turn = static_cast<std::uint32_t>(settings_random_.between(1, 500));
    limits.lines_per_turn = static_cast<std::uint32_t>(settings_random_.between(1, 64));
    limits.repairs_per_s = static_cast<std::uint32_t>(settings_random_.between(100, 5000));
    say_event(name(host) + " is told of new settings");
    kernel_.enter(host);
    const InKernel inside;
    processes_[host]->server.on_settings();
}

void World::name_servers() {
    for (const herd::config::Server& server : scenario_.config.servers) {
        kernel_.names[server.peers_name] = server.listens_at();
    }
}

// It is not running. Its neighbours hear of it when they look its name up again.
void World::move(Host host) {
    herd::config::Server& server = configs_[host].servers[host];
    server.listen->bytes[2] = static_cast<std::uint8_t>(settings_random_.below(4));
    kernel_.names[server.peers_name] = server.listens_at();
    say_event(name(host) + " has moved");
}

void World::trouble_names() {
    kernel_.names_fail = !kernel_.names_fail;
    say_event(kernel_.names_fail ? "no name server answers" : "name servers answer again");
}

}  // namespace sim
