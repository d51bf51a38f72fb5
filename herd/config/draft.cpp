#include "herd/config/draft.hpp"

#include "herd/config/base_url.hpp"
#include "herd/config/text.hpp"
#include "protocol/server_name.hpp"

#include <algorithm>
#include <array>

namespace herd::config {

namespace {

// What the system takes the ports of outgoing connections from: a server that dials a neighbour
// which is down could be given the neighbour's own port, and so meet itself.
constexpr std::uint16_t ephemeral_first = 32768;
constexpr std::uint16_t ephemeral_last = 60999;

constexpr std::uint64_t ttl_s_max = 100ULL * 366 * 86'400;
constexpr std::uint64_t future_ms_max = 366ULL * 86'400'000;

Judgement refuse(std::string expected, std::string got) {
    return Complaint{std::move(expected), std::move(got)};
}

std::string range(std::uint64_t min, std::uint64_t max) {
    return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

Judgement take_whole(std::string_view text, std::uint64_t most, std::int64_t& field) {
    const auto number = parse_number(text);
    if (!number || *number > most) return refuse(range(0, most), std::string(text));
    field = static_cast<std::int64_t>(*number);
    return {};
}

}  // namespace

Judgement Draft::begin_server() {
    if (config_.servers.size() == servers_max) {
        return refuse("at most " + std::to_string(servers_max) + " servers", "more");
    }
    config_.servers.emplace_back();
    clients_line_ = peers_line_ = 0;
    return {};
}

Judgement Draft::end_server() {
    Server& server = config_.servers.back();
    const std::string field = "servers[" + std::to_string(config_.servers.size() - 1) + "].";
    if (!server.legacy) {
        if (peers_line_ != 0) return {};
        return refuse("name, clients and peers", "no peers");
    }
    if (peers_line_ != 0) {
        return Complaint{"no peers of a legacy server: its one address is clients",
                         quoted(text_of(server.peers)),
                         field + "peers",
                         peers_line_};
    }
    server.peers = server.clients;
    if (!server.peers.is_wildcard()) return {};
    return Complaint{"an address at which the other servers reach it",
                     quoted(text_of(server.clients)),
                     field + "clients",
                     clients_line_};
}

Judgement Draft::begin_link() {
    links_.push_back({line_, {}, {}});
    return {};
}

Judgement Draft::end_link() {
    const std::size_t count = links_.back().ends.size();
    if (count == 2) return {};
    return refuse("the names of two servers", std::to_string(count));
}

Judgement Draft::take_name(std::string_view text) {
    if (!protocol::is_server_name(text)) {
        return refuse(
            "1 to 64 printable ASCII characters, no blank or '/', the first not '.' or '-'",
            quoted(text));
    }
    if (config_.find(text) != nullptr) return refuse("a name of its own", quoted(text) + " again");
    config_.servers.back().name = text;
    return {};
}

Judgement Draft::take_clients(std::string_view text) {
    clients_line_ = line_;
    return take_address(text, config_.servers.back().clients);
}

Judgement Draft::take_legacy(std::string_view text) {
    config_.servers.back().legacy = text == "true";
    return {};
}

Judgement Draft::take_peers(std::string_view text) {
    reactor::Address& peers = config_.servers.back().peers;
    peers_line_ = line_;
    if (auto refused = take_address(text, peers)) return refused;
    if (!peers.is_wildcard()) return {};
    return refuse("an address at which the other servers reach it", quoted(text));
}

Judgement Draft::take_address(std::string_view text, reactor::Address& address) {
    const auto parsed = parse_address(text);
    if (!parsed) return refuse("an address such as \"127.0.0.1:12001\"", quoted(text));
    if (parsed->port >= ephemeral_first && parsed->port <= ephemeral_last) {
        return refuse("a port outside 32768-60999, which is for outgoing connections",
                      quoted(text));
    }
    if (is_taken(*parsed)) return refuse("an address of its own", quoted(text) + " again");
    address = *parsed;
    return {};
}

// Port 0 is any free one; and behind the same wildcard there may be another machine.
bool Draft::is_taken(const reactor::Address& address) const {
    if (address.port == 0 || address.is_wildcard()) return false;
    return std::ranges::any_of(config_.servers, [&](const Server& server) {
        return server.clients == address || server.peers == address;
    });
}

Judgement Draft::take_link_end(std::string_view text) {
    Link& link = links_.back();
    if (link.ends.size() == 2) return refuse("the names of two servers", "a third");
    link.ends.emplace_back(text);
    link.end_lines.push_back(line_);
    return {};
}

Judgement Draft::take_provider(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Provider>, 3> providers = {{
        {"offline", Provider::offline},
        {"google", Provider::google},
        {"google-legacy", Provider::google_legacy},
    }};
    const auto* const found =
        std::ranges::find_if(providers, [text](const auto& each) { return each.first == text; });
    if (found == providers.end()) {
        return refuse("offline, google or google-legacy", quoted(text));
    }
    config_.places.provider = found->second;
    provider_line_ = line_;
    return {};
}

Judgement Draft::take_url(std::string_view text) {
    config_.places.url = text;
    url_line_ = line_;
    return {};
}

Judgement Draft::take_key_file(std::string_view text) {
    if (text.empty()) return refuse("the name of a file", quoted(text));
    config_.places.key_file = text;
    return {};
}

Judgement Draft::take_limit(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number < rule_->min || *number > rule_->max) {
        return refuse(range(rule_->min, rule_->max), std::string(text));
    }
    config_.limits.*rule_->value = static_cast<std::uint32_t>(*number);
    limit_lines_.emplace_back(rule_->value, line_);
    return {};
}

Judgement Draft::take_folder(std::string_view text) {
    if (text.empty()) return refuse("the name of a folder, or - for standard error", quoted(text));
    config_.log.folder = text;
    return {};
}

Judgement Draft::take_wire(std::string_view text) {
    config_.log.wire = text == "true";
    return {};
}

Judgement Draft::take_journal_folder(std::string_view text) {
    config_.journal.folder = text;
    return {};
}

Judgement Draft::take_fsync(std::string_view text) {
    if (text != "second" && text != "always") return refuse("second or always", quoted(text));
    config_.journal.fsync = text == "always" ? Fsync::always : Fsync::second;
    return {};
}

Judgement Draft::take_ttl(std::string_view text) {
    return take_whole(text, ttl_s_max, config_.ttl_s);
}

Judgement Draft::take_max_future(std::string_view text) {
    return take_whole(text, future_ms_max, config_.max_future_ms);
}

Judgement Draft::take_prefault(std::string_view text) {
    config_.prefault = text == "true";
    return {};
}

Judgement Draft::take_spin(std::string_view text) {
    config_.spin = text == "true";
    return {};
}

Judgement Draft::finish() {
    if (config_.servers.empty()) {
        return Complaint{
            "1 to " + std::to_string(servers_max) + " servers", "none", "servers", servers_line_};
    }
    if (std::ranges::all_of(config_.servers, &Server::legacy)) {
        return Complaint{"a server that is not legacy", "none", "servers", servers_line_};
    }
    for (std::size_t i = 0; i < links_.size(); ++i) {
        auto refused = join(links_[i], "links[" + std::to_string(i) + "]");
        if (refused) return refused;
    }
    if (auto refused = check_limits()) return refused;
    return check_places();
}

Judgement Draft::join(const Link& link, const std::string& field) {
    std::array<Server*, 2> ends{};
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto found = std::ranges::find(config_.servers, link.ends[i], &Server::name);
        if (found == config_.servers.end()) {
            return Complaint{"the name of a server",
                             quoted(link.ends[i]),
                             field + "[" + std::to_string(i) + "]",
                             link.end_lines[i]};
        }
        ends[i] = &*found;
    }
    const auto& [one, other] = ends;
    if (one == other) {
        return Complaint{"two servers", quoted(one->name) + " twice", field, link.line};
    }
    if (std::ranges::find(one->neighbours, other->name) != one->neighbours.end()) {
        return Complaint{"each link once",
                         quoted(one->name) + " and " + quoted(other->name) + " again",
                         field,
                         link.line};
    }
    one->neighbours.push_back(other->name);
    other->neighbours.push_back(one->name);
    return {};
}

Judgement Draft::check_limits() const {
    const auto clash = find_clash(config_);
    if (!clash) return {};
    const auto line_of = [this](std::uint32_t Limits::*limit) {
        const auto found = std::ranges::find(limit_lines_, limit, &LimitLine::first);
        return found == limit_lines_.end() ? 0 : found->second;
    };
    // Where it was set, or else what asks for more than its default.
    std::uint32_t line = line_of(clash->limit);
    if (line == 0 && clash->against != nullptr) line = line_of(clash->against);
    const auto rule = std::ranges::find(limit_rules(), clash->limit, &LimitRule::value);
    return Complaint{clash->expected,
                     std::to_string(config_.limits.*clash->limit),
                     "limits." + std::string(rule->name),
                     line};
}

Judgement Draft::check_places() {
    Places& places = config_.places;
    const bool offline = places.provider == Provider::offline;
    if (!offline && places.key_file.empty()) {
        return Complaint{
            "the name of the file with the API key", "none", "places.key_file", provider_line_};
    }
    if (offline && places.url.empty()) places.url = offline_url;
    if (places.url.empty()) return {};  // The service's own.
    const auto fault = base_url_fault(places.url, !offline);
    if (fault.empty()) return {};
    return Complaint{
        "a base URL, which " + std::string(fault), quoted(places.url), "places.url", url_line_};
}

}  // namespace herd::config
