#include "herd/program/check.hpp"

#include "herd/access/secret.hpp"
#include "herd/bridge/login.hpp"
#include "herd/config/settings.hpp"
#include "herd/config/text.hpp"
#include "herd/keys/examine.hpp"
#include "herd/needs.hpp"
#include "herd/places/curl_library.hpp"
#include "herd/places/key.hpp"
#include "herd/program/machine.hpp"
#include "herd/server.hpp"
#include "herd/tls/dialler.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <vector>

namespace herd::program {

namespace {

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string neighbours_of(const config::Config& config, const config::Server& server) {
    if (server.neighbours.empty()) return "nobody";
    std::vector<std::string> names = server.neighbours;
    for (std::string& name : names) {
        assert(config.find(name) != nullptr);
        if (config.find(name)->legacy) name += " (legacy)";
    }
    return joined(names);
}

// How far each server is from one of them, over links, as if one server were not there.
constexpr std::size_t unreachable = SIZE_MAX;
std::vector<std::size_t> distances(const config::Config& config,
                                   std::size_t from,
                                   std::size_t without) {
    std::vector<std::size_t> steps(config.servers.size(), unreachable);
    std::vector<std::size_t> reached = {from};
    assert(from < steps.size());
    assert(from != without);
    steps[from] = 0;
    for (std::size_t next = 0; next < reached.size(); ++next) {
        const std::size_t at = reached[next];
        for (const std::string& name : config.servers[at].neighbours) {
            const auto other = static_cast<std::size_t>(config.find(name) - config.servers.data());
            assert(other < steps.size());
            if (other == without || steps[other] != unreachable) continue;
            steps[other] = steps[at] + 1;
            reached.push_back(other);
        }
    }
    return steps;
}

// Those that are out of reach of the others when one server is not there: of the two or more parts
// that are left, all but the one of the first server.
std::vector<std::string> cut_off(const config::Config& config, std::size_t without) {
    const std::size_t first = without == 0 ? 1 : 0;
    if (first >= config.servers.size()) return {};
    const auto steps = distances(config, first, without);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (i != without && steps[i] == unreachable) names.push_back(config.servers[i].name);
    }
    return names;
}

std::string graph(const config::Config& config) {
    assert(!config.servers.empty());
    std::size_t links = 0;
    std::size_t diameter = 0;
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
        links += config.servers[i].neighbours.size();
        const auto steps = distances(config, i, unreachable);
        diameter = std::max(diameter, *std::ranges::max_element(steps));
    }
    const auto legacy = std::ranges::count(config.servers, true, &config::Server::legacy);
    std::string text = std::to_string(config.servers.size()) + " servers, ";
    if (legacy > 0) text += std::to_string(legacy) + " of them legacy, ";
    text += std::to_string(links / 2) + " links, ";
    if (diameter == unreachable) {
        return text + "in parts\nwarning: no links lead from " + config.servers[0].name + " to " +
               joined(cut_off(config, unreachable)) + "\n";
    }
    text += "diameter " + std::to_string(diameter) + "\n";
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
        const auto names = cut_off(config, i);
        if (names.empty()) continue;
        const std::string& rest = config.servers[i == 0 ? 1 : 0].name;
        text += "warning: without " + config.servers[i].name + " no links lead from " + rest +
                " to " + joined(names) + "\n";
    }
    return text;
}

std::string peers_text(const config::Server& server) {
    const std::string at = server.peers_name.empty()
                               ? config::text_of(server.peers)
                               : server.peers_name + ":" + std::to_string(server.peers.port);
    return at + (server.listen ? " (listens on " + config::text_of(*server.listen) + ")" : "");
}

std::string clients_of(const config::Server& server) {
    return server.takes_clients() ? config::text_of(server.clients) : "none";
}

std::string servers(const config::Config& config) {
    std::size_t name_width = 0;
    std::size_t address_width = 0;
    for (const config::Server& server : config.servers) {
        name_width = std::max(name_width, server.name.size());
        address_width =
            std::max({address_width, clients_of(server).size(), peers_text(server).size()});
    }
    std::string text;
    for (const config::Server& server : config.servers) {
        const std::string peers = server.legacy ? "legacy" : "peers " + peers_text(server);
        text += "  " + padded(server.name, name_width) + "  clients " +
                padded(clients_of(server), address_width) + "  " +
                padded(peers, std::string_view("peers ").size() + address_width) + "  -- " +
                neighbours_of(config, server) + (server.bridge ? "; bridge" : "") + "\n";
    }
    return text;
}

// Whatever can be set, but for servers and links, which have lines of their own.
std::string settings(const config::Config& config) {
    const config::Config defaults = config::Config::built_in();
    std::size_t path_width = 0;
    std::size_t value_width = 0;
    for (const config::Setting& setting : config::settings()) {
        if (!config::is_single(setting)) continue;
        path_width = std::max(path_width, config::path_of(setting).size());
        value_width = std::max(value_width, config::shown(setting, config).size());
    }
    std::string text = "settings:\n";
    for (const config::Setting& setting : config::settings()) {
        if (!config::is_single(setting)) continue;
        const std::string usual = config::shown(setting, defaults);
        const std::string value = config::shown(setting, config);
        text += "  " + padded(config::path_of(setting), path_width + 2) +
                padded(value, value_width + 2) + std::string(setting.meaning) + " (" +
                config::allowed(setting) + (value == usual ? "" : "; default " + usual) + "; " +
                std::string(config::taken(setting)) + ")\n";
    }
    return text;
}

std::uint64_t allowed_descriptors(const config::Config& config) {
    return reactor::sys::raise_descriptor_limit(descriptors(config)).value_or(0);
}

std::string bridge_errors(const config::Bridge& bridge) {
    std::string text;
    const auto login = herd::bridge::read_login(bridge);
    if (!login) text += "error: no bridge would start: " + login.error() + "\n";
    if (!bridge.is_sealed()) return text;
    tls::Dialler dialler;
    const tls::Files files{bridge.tls.authority, bridge.tls.certificate, bridge.tls.key};
    const auto opened = dialler.open(files, reactor::Seal::record_max);
    if (!opened) text += "error: no bridge would start: bridge.tls: " + opened.error() + "\n";
    return text;
}

// What keeps servers from starting here, though the configuration is right.
std::string errors(const config::Config& config) {
    std::string text;
    if (allowed_descriptors(config) < descriptors(config)) {
        text +=
            "error: too few open files are allowed (ulimit -n): no server would start; see "
            "limits.connections\n";
    }
    if (!config.access.secret_file.empty()) {
        const auto secret = access::Secret::read(config.access.secret_file);
        if (!secret) text += "error: no server would start: access." + secret.error() + "\n";
    }
    if (config.has_bridge()) text += bridge_errors(config.bridge);
    if (const auto curl = places::load_curl(); !curl) {
        text += "error: nobody would find places: " + curl.error() + "\n";
    }
    const config::Places& places = config.places;
    if (places.provider == config::Provider::offline) return text;
    const auto key = places::read_key(places.key_file, places.key_shared);
    if (!key) text += "error: no server would start: " + key.error() + "\n";
    return text;
}

std::string memory_warning(const config::Config& config) {
    const auto allowed = memory_allowed();
    const std::uint64_t needed = memory_ceiling(config);
    if (!allowed || needed <= *allowed) return "";
    return "warning: the control group allows " + std::to_string(*allowed >> 20) +
           " MiB, and a server that has all of its clients needs " +
           std::to_string((needed >> 20) + 1) +
           ": the system would end it; set limits.clients to less\n";
}

// Where names lead may be different on another machine, or later.
std::string name_warnings(const config::Config& config) {
    std::string text;
    for (const config::Server& server : config.servers) {
        if (server.peers_name.empty()) continue;
        std::array<reactor::Address, 1> found{};
        const auto count =
            reactor::sys::look_up(server.peers_name.c_str(), server.peers.port, found);
        if (count) continue;
        text += "warning: " + server.peers_name + ", where " + server.name + " should be: " +
                (count.error().value == reactor::sys::no_such_name
                     ? "no such name is known here; a line in /etc/hosts makes one\n"
                     : "no name server answers\n");
    }
    return text;
}

std::string warnings(const config::Config& config) {
    std::string text = memory_warning(config) + name_warnings(config);
    for (const config::Server& server : config.servers) {
        if (!server.bridge || !server.neighbours.empty() || server.takes_clients()) continue;
        text += "warning: " + server.name + " is a bridge between the bucket and nobody\n";
    }
    if (config.keys.empty() || !config.insecure_peers) return text;
    return text +
           "warning: insecure_peers: servers that do not speak TLS are taken for neighbours, too: "
           "anybody on the way reads, and writes, what they say\n";
}

std::string secret_lines(const config::Access& access) {
    if (access.secret_file.empty()) return "";
    const auto secret = access::Secret::read(access.secret_file);
    if (!secret) return "";
    return "access: clients need a token; the secret has " + std::to_string((*secret).size()) +
           ((*secret).size() == 1 ? " line\n" : " lines\n");
}

std::string memory(const config::Config& config) {
    const auto in_mib = [](std::uint64_t bytes) {
        return std::to_string((bytes >> 20) + 1) + " MiB";
    };
    return "memory of a server: at most " + in_mib(memory_ceiling(config)) + ", " +
           in_mib(table_memory(config)) + " of it the table" +
           (config.keys.empty() ? "" : ", " + in_mib(tls_memory(config)) + " TLS") + "; " +
           (config.prefault ? "all of it taken at the start\n" : "taken when it is needed\n");
}

std::string_view title(keys::Severity severity) {
    switch (severity) {
        case keys::Severity::ok:
            return "keys: ";
        case keys::Severity::warning:
            return "warning: keys: ";
        case keys::Severity::error:
            break;
    }
    return "error: keys: ";
}

// False: something is wrong with them.
bool check_keys(const config::Config& config, const std::string& folder) {
    bool right = true;
    for (const keys::Finding& finding : keys::examine(folder, config)) {
        const std::string line = std::string(title(finding.severity)) + finding.text + "\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
        right = right && finding.severity != keys::Severity::error;
    }
    return right;
}

}  // namespace

std::string overview(const config::Config& config, const std::string& where) {
    return where + ": " + graph(config) + servers(config) + settings(config) +
           secret_lines(config.access) + memory(config) + "open files of a server: at most " +
           std::to_string(descriptors(config)) + ", " +
           std::to_string(allowed_descriptors(config)) + " allowed\n" + warnings(config) +
           errors(config);
}

int check(const config::Config& config, const std::string& where, const std::string& keys) {
    const std::string text = overview(config, where);
    std::fwrite(text.data(), 1, text.size(), stdout);
    const bool keys_right = keys.empty() || check_keys(config, keys);
    return keys_right && errors(config).empty() ? 0 : 1;
}

}  // namespace herd::program
