#include "herd/program/findings.hpp"

#include "herd/access/secret.hpp"
#include "herd/bridge/login.hpp"
#include "herd/config/text.hpp"
#include "herd/needs.hpp"
#include "herd/outcome.hpp"
#include "herd/places/curl_library.hpp"
#include "herd/places/key.hpp"
#include "herd/program/doors.hpp"
#include "herd/program/graph.hpp"
#include "herd/program/memory.hpp"
#include "herd/program/room.hpp"
#include "herd/program/writable.hpp"
#include "herd/server.hpp"
#include "herd/tls/dialler.hpp"
#include "reactor/address.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

namespace herd::program {

namespace {

class Findings {
public:
    void warn(std::string text) { all_.push_back({keys::Severity::warning, std::move(text)}); }
    void fail(std::string text) { all_.push_back({keys::Severity::error, std::move(text)}); }
    void add(keys::Finding finding) { all_.push_back(std::move(finding)); }
    std::vector<keys::Finding> take() { return std::move(all_); }

private:
    std::vector<keys::Finding> all_;
};

void look_at_graph(const config::Config& config, Findings& found) {
    assert(!config.servers.empty());
    if (!diameter(config)) {
        return found.warn("no links lead from " + config.servers[0].name + " to " +
                          config::listed(cut_off(config, no_server)));
    }
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
        const auto names = cut_off(config, i);
        if (names.empty()) continue;
        const std::string& rest = config.servers[i == 0 ? 1 : 0].name;
        found.warn("without " + config.servers[i].name + " no links lead from " + rest + " to " +
                   config::listed(names));
    }
}

void look_at_memory(const config::Config& config, Findings& found) {
    const std::string want = want_of_memory(config);
    if (want.empty()) return;
    if (config.prefault) return found.fail("no server would start: " + want);
    found.warn(want + ", or the system ends it when it has come so far");
}

// Where names lead may be different on another machine, or later.
void look_up_names(const config::Config& config, Findings& found) {
    for (const config::Server& server : config.servers) {
        if (server.peers_name.empty()) continue;
        std::array<reactor::Address, 1> addresses{};
        const auto count =
            reactor::sys::look_up(server.peers_name.c_str(), server.peers.port, addresses);
        if (count) continue;
        found.warn(server.peers_name + ", where " + server.name + " should be: " +
                   (count.error().value == reactor::sys::no_such_name
                        ? "no such name is known here; a line in /etc/hosts makes one"
                        : "no name server answers"));
    }
}

void look_at_servers(const config::Config& config, Findings& found) {
    for (const config::Server& server : config.servers) {
        if (!server.bridge || !server.neighbours.empty() || server.takes_clients()) continue;
        found.warn(server.name + " is a bridge between the bucket and nobody");
    }
    if (config.keys.empty() || !config.insecure_peers) return;
    found.warn(
        "insecure_peers: servers that do not speak TLS are taken for neighbours, too: anybody on "
        "the way reads, and writes, what they say");
}

// The settings of those addresses of a server, for others than servers, that other machines reach.
std::vector<std::string> open_doors(const config::Server& server) {
    std::vector<std::string> names;
    for (const Door& door : doors(server)) {
        if (!door.address.is_loopback()) names.emplace_back(door.setting);
    }
    return names;
}

void look_at_doors(const config::Config& config, Findings& found) {
    if (!config.access.secret_file.empty()) return;
    for (const config::Server& server : config.servers) {
        const auto names = open_doors(server);
        if (names.empty()) continue;
        found.warn("whoever reaches " + server.name + " (" + config::listed(names) +
                   ") may report as any client and ask for each: set access.secret_file, or "
                   "listen on loopback or where only friends are");
    }
}

void look_at_bridge(const config::Bridge& bridge, Findings& found) {
    const auto login = herd::bridge::read_login(bridge);
    if (!login) found.fail("no bridge would start: " + login.error());
    if (!bridge.is_sealed()) return;
    tls::Dialler dialler;
    const tls::Files files{bridge.tls.authority, bridge.tls.certificate, bridge.tls.key};
    const auto opened = dialler.open(files, reactor::Seal::record_max);
    if (!opened) found.fail("no bridge would start: bridge.tls: " + opened.error());
}

void look_at_places(const config::Places& places, Findings& found) {
    if (const auto curl = places::load_curl(); !curl) {
        found.fail("nobody would find places: " + curl.error());
    }
    if (places.provider == config::Provider::offline) return;
    const auto key = places::read_key(places.key_file, places.key_shared);
    if (!key) found.fail("no server would start: " + key.error());
}

// Why a file cannot be made in that folder: of what is no folder, itself or one around it.
std::string why_no_folder(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::path at = folder;
    while (at.has_relative_path() && !fs::exists(fs::symlink_status(at, error))) {
        at = at.parent_path();
    }
    const bool stray = fs::is_symlink(at, error) && !fs::exists(at, error);
    return at.string() +
           (stray ? ": it is a symbolic link that leads nowhere" : ": it is not a folder");
}

// What hinders the first server that could not write its file in that folder; empty: none is.
std::string unkept(const config::Config& config, const std::string& folder, const char* kind) {
    for (const config::Server& server : config.servers) {
        if (server.legacy) continue;
        std::string file = folder;
        file.append("/").append(server.name).append(".").append(kind);
        const auto may = may_keep(file);
        if (may) continue;
        std::string text =
            may.error().value == ENOTDIR
                ? std::string(kind) + " " + why_no_folder(folder)
                : open_failure(file.insert(0, " ").insert(0, kind), may.error()).error();
        text.append("; ").append(kind).append(
            ".folder names a folder that whoever runs a server may write in (mkdir -p, chown)");
        return text;
    }
    return {};
}

void look_at_folders(const config::Config& config, Findings& found) {
    const std::string& logs = config.log.place();
    const std::string log = logs == "-" ? std::string() : unkept(config, logs, "log");
    if (!log.empty()) found.fail("no server would start: " + log);
    if (config.journal.folder.empty()) return;
    const std::string journal = unkept(config, config.journal.folder, "journal");
    if (!journal.empty()) {
        return found.fail("a server would keep positions in memory only: " + journal);
    }
    if (std::string want = want_of_room(config); !want.empty()) found.warn(std::move(want));
}

void look_at_machine(const config::Config& config, Findings& found) {
    if (allowed_descriptors(config) < descriptors(config)) {
        found.fail(
            "too few open files are allowed (ulimit -n): no server would start; see "
            "limits.connections");
    }
    if (!config.access.secret_file.empty()) {
        const auto secret = access::Secret::read(config.access.secret_file);
        if (!secret) found.fail("no server would start: access." + secret.error());
    }
    if (config.has_bridge()) look_at_bridge(config.bridge, found);
    look_at_places(config.places, found);
}

}  // namespace

std::vector<keys::Finding> findings(const config::Config& config, const std::string& keys_folder) {
    Findings found;
    look_at_graph(config, found);
    look_at_memory(config, found);
    look_up_names(config, found);
    look_at_servers(config, found);
    look_at_doors(config, found);
    look_at_folders(config, found);
    look_at_machine(config, found);
    if (keys_folder.empty()) return found.take();
    for (keys::Finding& finding : keys::examine(keys_folder, config)) {
        finding.text.insert(0, "keys: ");
        found.add(std::move(finding));
    }
    return found.take();
}

std::uint64_t allowed_descriptors(const config::Config& config) {
    return reactor::sys::raise_descriptor_limit(descriptors(config)).value_or(0);
}

}  // namespace herd::program
