#include "herd/config/draft.hpp"
#include "herd/config/settings.hpp"
#include "herd/config/text.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace herd::config {

namespace {

// An address that a server has, by the name of its setting.
struct Place {
    reactor::Address at;
    bool udp = false;      // whose ports are others than those of TCP
    bool listens = false;  // there itself; else it is only known by it
};

std::optional<reactor::Address> address_of(const Server& server, std::string_view name) {
    if (name == "clients") return server.clients;
    if (name == "peers") return server.peers;
    if (name == "listen") return server.listen;
    if (name == "clients_tls") return server.clients_tls;
    if (name == "http") return server.http;
    if (name == "https") return server.https;
    if (name == "phones") return server.phones;
    if (name == "phones_tls") return server.phones_tls;
    assert(name == "udp");
    return server.udp;
}

// Nothing where it was not given, or is no server's, and of a "listen" that says what peers does.
std::optional<Place> place_of(const Server& server, const Setting& setting) {
    if (setting.in != Section::server || !std::holds_alternative<Endpoint>(setting.type)) return {};
    const auto at = address_of(server, setting.name);
    if (!at || (setting.name == "listen" && *at == server.peers)) return {};
    const bool elsewhere = server.listen ? *server.listen != *at : !server.peers_name.empty();
    return Place{
        .at = *at, .udp = setting.name == "udp", .listens = setting.name != "peers" || !elsewhere};
}

// Who listens where the others reach him has that address: two that have the same are of one host.
bool share_host(const Server& one, const Server& other) {
    if (one.listen || other.listen) return false;
    const reactor::Address& at = one.legacy ? one.clients : one.peers;
    const reactor::Address& there = other.legacy ? other.clients : other.peers;
    if (at.is_loopback() && there.is_loopback()) return true;
    return at.v6 == there.v6 && at.bytes == there.bytes;
}

// A wildcard takes a port of every address; that of IPv6 those of IPv4, too, as Linux has it unless
// net.ipv6.bindv6only is set.
bool covers(const reactor::Address& wildcard, const reactor::Address& other) {
    return wildcard.is_wildcard() && wildcard.port == other.port && (wildcard.v6 || !other.v6);
}

// What there is of the place where one of the two cannot be; empty: both can. Port 0 is any free
// one, and behind the same wildcard there may be another machine.
std::string clash(const Place& place, const Place& other, bool one_host) {
    if (place.at.port == 0 || place.udp != other.udp) return {};
    const bool both_listen = one_host && place.listens && other.listens;
    if (place.at == other.at) {
        const bool fine = place.at.is_wildcard() && !both_listen;
        return fine ? std::string() : quoted(text_of(place.at)) + " again";
    }
    if (!both_listen) return {};
    const auto text = [](const Place& wildcard, const Place& each) {
        return quoted(text_of(wildcard.at)) + ", which takes " + quoted(text_of(each.at)) + ", too";
    };
    if (covers(place.at, other.at)) return text(place, other);
    return covers(other.at, place.at) ? text(other, place) : std::string();
}

// With what that server has.
std::string clash(const Place& place, const Server& other, bool one_host) {
    for (const Setting& setting : settings()) {
        const auto there = place_of(other, setting);
        if (!there) continue;
        if (std::string got = clash(place, *there, one_host); !got.empty()) return got;
    }
    return {};
}

}  // namespace

Checked Draft::check_own_addresses(const std::string& field) const {
    assert(!config_.servers.empty());
    const Server& server = config_.servers.back();
    const auto before = std::span(config_.servers).first(config_.servers.size() - 1);
    std::vector<Place> own;
    for (const auto& [setting, line] : lines_) {
        const auto place = place_of(server, *setting);
        if (!place) continue;
        std::string got;
        for (const Place& each : own) {
            if (got.empty()) got = clash(*place, each, true);
        }
        for (const Server& each : before) {
            if (got.empty()) got = clash(*place, each, share_host(server, each));
        }
        if (!got.empty()) {
            return Error{
                "an address of its own", std::move(got), field + std::string(setting->name), line};
        }
        own.push_back(*place);
    }
    return {};
}

Checked Draft::check_addresses(const std::string& field) {
    assert(!config_.servers.empty());
    Server& server = config_.servers.back();
    if (auto wrong = check_own_addresses(field)) return wrong;
    const std::uint32_t peers_line = line_of(Section::server, "peers");
    if (server.legacy && peers_line != 0) {
        return Error{"no peers of a legacy server: its one address is clients",
                     quoted(text_of(server.peers)),
                     field + "peers",
                     peers_line};
    }
    if (server.legacy && server.listen) {
        return Error{"no listen of a legacy server, which another program serves",
                     quoted(text_of(*server.listen)),
                     field + "listen",
                     line_of(Section::server, "listen")};
    }
    if (server.legacy) server.peers = server.clients;
    if (!server.peers_name.empty()) return check_peers_name(field);
    if (!server.peers.is_wildcard()) return {};
    const std::string_view name = server.legacy ? "clients" : "peers";
    const std::string cure = server.legacy ? "" : ", and \"listen\" for one such as this";
    return Error{"an address at which the other servers reach it" + cure,
                 quoted(text_of(server.peers)),
                 field + std::string(name),
                 line_of(Section::server, name)};
}

// Where a name leads is not known yet, nor whether this machine is there.
Checked Draft::check_peers_name(const std::string& field) const {
    assert(!config_.servers.empty());
    const Server& server = config_.servers.back();
    const std::uint32_t line = line_of(Section::server, "peers");
    const auto same = [&](const Server& other) {
        return other.peers_name == server.peers_name && other.peers.port == server.peers.port;
    };
    if (std::any_of(config_.servers.begin(), config_.servers.end() - 1, same)) {
        return Error{"a name and port of its own",
                     quoted(server.peers_name) + " again",
                     field + "peers",
                     line};
    }
    if (server.peers.port == 0) {
        return Error{"a port, as others have to know it", "0", field + "peers", line};
    }
    if (server.listen) return {};
    return Error{R"("listen", where it listens itself, such as "[::]:)" +
                     std::to_string(server.peers.port) + "\", as peers is a name",
                 "none",
                 field + "listen",
                 line};
}

}  // namespace herd::config
