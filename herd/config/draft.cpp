#include "herd/config/draft.hpp"

#include "herd/config/base_url.hpp"
#include "herd/config/settings.hpp"
#include "herd/config/text.hpp"
#include "protocol/letters.hpp"
#include "reactor/blocks.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace herd::config {

namespace {

// An answer that its client does not read waits in blocks, whole; an eighth is for neighbours only.
std::uint32_t blocks_of_answer(const Limits& limits) {
    constexpr std::size_t framing = 1024;
    const std::size_t bytes = std::size_t{limits.places_body_max} + limits.line_max + framing;
    const std::size_t blocks = bytes / reactor::BlockPool::block_size + 1;
    return static_cast<std::uint32_t>(blocks + blocks / 7 + 1);
}

// A port of the server's that needs keys; empty: it has none.
std::string_view sealed_port(const Server& server) {
    if (server.clients_tls) return "clients_tls";
    if (server.https) return "https";
    return server.phones_tls ? "phones_tls" : "";
}

}  // namespace

Checked Draft::begin(Section section) {
    if (section == Section::servers) servers_line_ = line_;
    if (section == Section::server) return begin_server();
    if (section == Section::link) links_.push_back({line_, {}, {}});
    return {};
}

Checked Draft::end(Section section) {
    if (section == Section::server) return end_server();
    if (section != Section::link) return {};
    assert(!links_.empty());
    const std::size_t count = links_.back().ends.size();
    if (count == 2) return {};
    return reject("the names of two servers", std::to_string(count));
}

Checked Draft::take(const Setting& setting, std::string_view text) {
    if (setting.in == Section::link) return take_link_end(text);
    assert(setting.in != Section::server || !config_.servers.empty());
    lines_.emplace_back(&setting, line_);
    return assign(setting, text, config_);
}

Checked Draft::begin_server() {
    if (config_.servers.size() == servers_max) {
        return reject("at most " + std::to_string(servers_max) + " servers", "more");
    }
    assert(config_.servers.size() < servers_max);
    config_.servers.emplace_back();
    std::erase_if(lines_, [](const auto& each) { return each.first->in == Section::server; });
    return {};
}

Checked Draft::end_server() {
    assert(!config_.servers.empty());
    Server& server = config_.servers.back();
    for (const Setting& setting : settings()) {
        const bool let_off = (server.legacy && setting.name == "peers") ||
                             (server.bridge && !server.clients_tls && setting.name == "clients");
        if (setting.required && !let_off && line_of(setting.in, setting.name) == 0) {
            return reject("name, clients and peers", "no " + std::string(setting.name));
        }
    }
    const std::string field = "servers[" + std::to_string(config_.servers.size() - 1) + "].";
    if (server.legacy && server.bridge) {
        return Error{"no bridge that is legacy",
                     quoted(server.name),
                     field + "bridge",
                     line_of(Section::server, "bridge")};
    }
    if (auto error = check_name(field + "name")) return error;
    return check_addresses(field);
}

Checked Draft::check_name(const std::string& field) const {
    assert(!config_.servers.empty());
    const std::string& name = config_.servers.back().name;
    if (config_.find(name) == &config_.servers.back()) return {};
    return Error{
        "a name of its own", quoted(name) + " again", field, line_of(Section::server, "name")};
}

// In the order in which they were given, so that the later of two equal ones is told of.
Checked Draft::take_link_end(std::string_view text) {
    assert(!links_.empty());
    Link& link = links_.back();
    if (link.ends.size() == 2) return reject("the names of two servers", "a third");
    link.ends.emplace_back(text);
    link.end_lines.push_back(line_);
    assert(link.ends.size() == link.end_lines.size());
    return {};
}

Checked Draft::finish() {
    if (config_.servers.empty()) {
        return Error{
            "1 to " + std::to_string(servers_max) + " servers", "none", "servers", servers_line_};
    }
    if (std::ranges::all_of(config_.servers, &Server::legacy)) {
        return Error{"a server that is not legacy", "none", "servers", servers_line_};
    }
    for (std::size_t i = 0; i < links_.size(); ++i) {
        if (auto error = join(links_[i], "links[" + std::to_string(i) + "]")) return error;
    }
    if (auto error = check_limits()) return error;
    if (auto error = check_keys()) return error;
    if (auto error = check_access()) return error;
    if (auto error = check_bridge()) return error;
    return check_places();
}

Checked Draft::join(const Link& link, const std::string& field) {
    assert(link.ends.size() == 2);
    assert(link.end_lines.size() == 2);
    std::array<Server*, 2> ends{};
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto found = std::ranges::find(config_.servers, link.ends[i], &Server::name);
        if (found == config_.servers.end()) {
            std::string names;
            for (const Server& each : config_.servers) {
                names += (names.empty() ? "" : ", ") + each.name;
            }
            return Error{"the name of a server, one of " + names,
                         quoted(link.ends[i]),
                         field + "[" + std::to_string(i) + "]",
                         link.end_lines[i]};
        }
        ends[i] = &*found;
    }
    const auto& [one, other] = ends;
    if (one == other) {
        return Error{"two servers", quoted(one->name) + " twice", field, link.line};
    }
    if (std::ranges::find(one->neighbours, other->name) != one->neighbours.end()) {
        return Error{"each link once",
                     quoted(one->name) + " and " + quoted(other->name) + " again",
                     field,
                     link.line};
    }
    assert(one->neighbours.size() + 1 < config_.servers.size());
    one->neighbours.push_back(other->name);
    other->neighbours.push_back(one->name);
    return {};
}

// Limits that are fine by themselves, but not together.
Checked Draft::check_limits() const {
    const Limits& limits = config_.limits;
    const std::uint32_t neighbours = config_.neighbours_max();
    const std::uint32_t blocks = blocks_of_answer(limits) + blocks_of_neighbour * neighbours;
    if (limits.blocks < blocks) {
        // Where it was set, or else what asks for more than its default.
        const std::uint32_t line = line_of(Section::limits, "blocks");
        return Error{"at least " + std::to_string(blocks) +
                         ", for one answer of places_body_max bytes and " +
                         std::to_string(blocks_of_neighbour) + " for each neighbour",
                     std::to_string(limits.blocks),
                     "limits.blocks",
                     line != 0 ? line : line_of(Section::limits, "places_body_max")};
    }
    if (limits.peer_connections < neighbours) {
        return Error{
            "at least " + std::to_string(neighbours) + ", as a server has that many neighbours",
            std::to_string(limits.peer_connections),
            "limits.peer_connections",
            line_of(Section::limits, "peer_connections")};
    }
    return {};
}

// TLS compares names without regard to case.
Checked Draft::check_keys() const {
    const std::uint32_t line = line_of(Section::root, "keys");
    std::vector<std::string> names;
    for (const Server& server : config_.servers) {
        const std::string_view sealed = sealed_port(server);
        if (config_.keys.empty() && !sealed.empty()) {
            return Error{
                "keys, as " + server.name + " has " + std::string(sealed), "none", "keys", line};
        }
        const bool elsewhere =
            !server.legacy && (!server.peers_name.empty() || !server.peers.is_loopback());
        if (config_.keys.empty() && elsewhere && !server.neighbours.empty() &&
            !config_.insecure_peers) {
            return Error{"keys (`herd keys DIR` makes them), or \"insecure_peers\": true, as " +
                             server.name + " is not on loopback",
                         "neither",
                         "keys",
                         line};
        }
        std::string name = server.name;
        for (char& byte : name) byte = protocol::lower(byte);
        if (!config_.keys.empty() && std::ranges::find(names, name) != names.end()) {
            return Error{"names that differ in more than case",
                         quoted(server.name) + " again",
                         "servers",
                         servers_line_};
        }
        names.push_back(std::move(name));
    }
    return {};
}

Checked Draft::check_access() const {
    if (!config_.access.in_the_clear || !config_.access.secret_file.empty()) return {};
    return Error{"the name of the file with the secret, as in_the_clear is set",
                 "none",
                 "access.secret_file",
                 line_of(Section::access, "in_the_clear")};
}

Checked Draft::check_bridge() const {
    const Bridge& bridge = config_.bridge;
    const auto wrong = [this](std::string expected, std::string got, Section in, const char* name) {
        const std::string path = in == Section::bridge_tls ? "bridge.tls." : "bridge.";
        const std::uint32_t line = line_of(in, name);
        return Error{std::move(expected), std::move(got), path + name, line};
    };
    if (config_.has_bridge() && bridge.addresses.empty()) {
        return Error{"where brokers are, as a server is a bridge", "none", "bridge.address"};
    }
    const bool near = std::ranges::all_of(bridge.addresses, &reactor::Address::is_loopback);
    if (!near && !bridge.is_sealed() && !bridge.in_the_clear) {
        return wrong("tls, or \"in_the_clear\": true, as a broker is not on loopback",
                     "neither",
                     Section::bridge,
                     "address");
    }
    if (bridge.is_sealed() && bridge.tls.name.empty()) {
        return wrong(
            "the name that the brokers' certificates have", "none", Section::bridge_tls, "name");
    }
    if (bridge.tls.certificate.empty() != bridge.tls.key.empty()) {
        return wrong(
            "a certificate and its key", "one of them", Section::bridge_tls, "certificate");
    }
    if (!bridge.token_file.empty() && !bridge.user.empty()) {
        return wrong("a user or a token", "both", Section::bridge, "token_file");
    }
    if (bridge.user.empty() != bridge.password_file.empty()) {
        return wrong("a user and the file of a password",
                     "one of them",
                     Section::bridge,
                     bridge.user.empty() ? "password_file" : "user");
    }
    return {};
}

Checked Draft::check_places() {
    Places& places = config_.places;
    const bool offline = places.provider == Provider::offline;
    if (!offline && places.key_file.empty()) {
        return Error{"the name of the file with the API key",
                     "none",
                     "places.key_file",
                     line_of(Section::places, "provider")};
    }
    if (offline && places.url.empty()) places.url = offline_url;
    if (places.url.empty()) return {};  // The service's own.
    const auto fault = base_url_fault(places.url, !offline);
    if (fault.empty()) return {};
    return Error{"a base URL, which " + std::string(fault),
                 quoted(places.url),
                 "places.url",
                 line_of(Section::places, "url")};
}

std::uint32_t Draft::line_of(Section in, std::string_view name) const {
    const auto found = std::ranges::find_if(
        lines_, [&](const auto& each) { return each.first->in == in && each.first->name == name; });
    return found == lines_.end() ? 0 : found->second;
}

}  // namespace herd::config
