#include "herd/config/changes.hpp"

#include "herd/config/settings.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

namespace herd::config {

namespace {

constexpr std::string_view no_address = "0.0.0.0:0";  // as it is shown of a port that is not there

// What does not concern a server itself, as a hash, which tells a person nothing.
constexpr std::string_view of_others = "servers (others)";

// Settings of one server find that of the last one.
Config alone(const Server& server) {
    Config config;
    config.servers = {server};
    return config;
}

Statement of_server(const Server& server) {
    const Config config = alone(server);
    Statement statement;
    for (const Setting& setting : settings()) {
        if (setting.in != Section::server) continue;
        std::string value = shown(setting, config);
        if (value == no_address && !setting.required) continue;
        if (value == "\"\"") continue;
        statement["servers[" + server.name + "]." + std::string(setting.name)] = std::move(value);
    }
    return statement;
}

// FNV-1a: the same wherever this program runs.
class Hash {
public:
    void add(std::string_view text) {
        for (const char byte : text) {
            hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
        }
        hash_ = (hash_ ^ '\n') * 0x100000001b3U;
    }
    std::string text() const { return std::to_string(hash_); }

private:
    std::uint64_t hash_ = 0xcbf29ce484222325U;
};

void add_servers(const Config& config, const Server& self, Statement& statement) {
    Hash others;
    for (const Server& server : config.servers) {
        const bool linked =
            std::ranges::find(self.neighbours, server.name) != self.neighbours.end();
        const std::string dialled = "servers[" + server.name + "].peers";
        for (auto& [setting, value] : of_server(server)) {
            if (server.name == self.name || (linked && setting == dialled)) {
                statement[setting] = value;
            } else {
                others.add(setting);
                others.add(value);
            }
        }
        if (linked) statement["links[" + self.name + ", " + server.name + "]"] = "linked";
        if (server.name == self.name) continue;
        std::vector<std::string> neighbours = server.neighbours;
        std::ranges::sort(neighbours);
        for (const std::string& other : neighbours) {
            if (other != self.name) others.add(other);
        }
    }
    statement[std::string(of_others)] = others.text();
}

// Of settings that are there once.
const std::map<std::string, Taken>& singles() {
    static const std::map<std::string, Taken> all = [] {
        std::map<std::string, Taken> found;
        for (const Setting& setting : settings()) {
            if (is_single(setting)) found[path_of(setting)] = setting.taken;
        }
        return found;
    }();
    return all;
}

std::string_view found(const Statement& statement, const std::string& setting) {
    const auto at = statement.find(setting);
    return at == statement.end() ? std::string_view() : std::string_view(at->second);
}

Statement singles_of(const Config& config) {
    Statement statement;
    for (const Setting& setting : settings()) {
        if (is_single(setting)) statement[path_of(setting)] = shown(setting, config);
    }
    return statement;
}

Taken taken(const std::string& setting) {
    const auto single = singles().find(setting);
    return single == singles().end() ? Taken::at_start : single->second;
}

}  // namespace

Statement state(const Config& config, const Server& self) {
    Statement statement = singles_of(config);
    add_servers(config, self, statement);
    return statement;
}

Statement brief(Statement whole) {
    for (const auto& [setting, usual] : singles_of(Config{})) {
        if (found(whole, setting) == usual) whole.erase(setting);
    }
    return whole;
}

Statement whole(Statement brief) {
    brief.merge(singles_of(Config{}));
    return brief;
}

std::vector<Change> changes(const Statement& from, const Statement& to) {
    Statement both = from;
    both.insert(to.begin(), to.end());
    std::vector<Change> all;
    for (const auto& [setting, value] : both) {
        const std::string_view before = found(from, setting);
        const std::string_view after = found(to, setting);
        if (before == after) continue;
        all.push_back({setting, std::string(before), std::string(after), taken(setting)});
    }
    std::ranges::stable_sort(all, {}, &Change::taken);
    return all;
}

void take_live(const Config& wanted, Config& running) {
    for (const Setting& setting : settings()) {
        if (setting.taken != Taken::live) continue;
        std::visit(
            [&](const auto& type) {
                if constexpr (requires { type.member; }) {
                    type.member.set(running, type.member.get(wanted));
                }
            },
            setting.type);
    }
}

std::string text_of(const Change& change) {
    if (change.setting == of_others) return change.setting + ": not as it runs";
    const auto value = [](const std::string& text) { return text.empty() ? "nothing" : text; };
    return change.setting + ": " + value(change.from) + " -> " + value(change.to);
}

}  // namespace herd::config
