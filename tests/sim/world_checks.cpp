// What must hold in a simulated herd, at any time and in the end.
#include "protocol/at_line.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/tokens.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <set>
#include <tuple>

namespace sim {

namespace {

std::string_view field(std::string_view line, std::size_t index) {
    protocol::Tokens tokens(line);
    for (std::size_t i = 0; i < index; ++i) tokens.next();
    return tokens.next();
}

// The order that all servers must decide by, written down a second time, from the line alone.
auto order(const std::string& line) {
    const auto message = protocol::parse_peer_message(line);
    assert(message.has_value());
    const auto& at = std::get<protocol::AtLine>(*message);
    return std::tuple(at.time.nanoseconds,
                      std::string(at.location),
                      std::string(at.server),
                      std::string(at.skew_text),
                      std::string(at.time_text));
}

}  // namespace

void World::check_answer(Host host, const std::string& command, const std::string& answer) {
    if (answer == "? " + command && command.starts_with("WHATSAT")) return;
    const std::string line = answer.substr(0, answer.find('\n'));
    if (!protocol::parse_peer_message(line)) return fail("not an answer: " + answer);
    if (field(line, 3) != field(command, 1)) return fail("answer to another: " + answer);
    if (command.starts_with("WHATSAT")) {
        if (answer.find("\"a\"") == std::string::npos) fail("no places: " + answer);
        if (answer.find("\"b\"") != std::string::npos) fail("not cut: " + answer);
        return;
    }
    if (field(line, 1) != config_.servers[host].name) return fail("not my server: " + answer);
    if (field(line, 4) != field(command, 2) || field(line, 5) != field(command, 3)) {
        fail("not what was said: " + command + " / " + answer);
    }
}

void World::check_tables() {
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] != nullptr) check_table(host);
    }
}

// No client goes back within one run of a server; nothing is stored that no client has said; no two
// records share a place in the feed.
void World::check_table(Host host) {
    const herd::LocationTable& records = table(host);
    std::set<std::uint64_t> seqs;
    for (std::uint32_t slot = 0; slot < records.size(); ++slot) {
        const herd::Record& record = records.at(slot);
        const std::string line(records.line(record));
        const std::string client(records.client(record));
        if (record.seq == 0 || !seqs.insert(record.seq).second) fail("feed: " + line);
        const Report report{field(line, 4), field(line, 5)};
        const auto& said = reports_[client];
        if (std::find(said.begin(), said.end(), report) == said.end()) fail("invented: " + line);
        std::string& before = seen_[host].lines[client];
        if (!before.empty() && order(line) < order(before)) {
            fail(config_.servers[host].name + " went back from " + before + " to " + line);
        }
        before = line;
    }
}

void World::check_equal() {
    for (Host host = 1; host < processes_.size(); ++host) {
        const herd::LocationTable& here = table(host);
        const herd::LocationTable& there = table(0);
        if (here.size() != there.size()) {
            fail("unequal: S0 has " + std::to_string(there.size()) + " clients, " +
                 config_.servers[host].name + " " + std::to_string(here.size()));
            return;
        }
        for (std::uint32_t slot = 0; slot < here.size(); ++slot) {
            const herd::Record& record = here.at(slot);
            const herd::Record* other = there.find(here.client(record));
            const std::string line(here.line(record));
            const std::string other_line(other == nullptr ? "" : there.line(*other));
            if (line != other_line) {
                return fail("unequal: " + config_.servers[host].name + " has " + line +
                            ", S0 has " + other_line);
            }
        }
    }
}

// By client, the newest that any live server has.
std::vector<std::string> World::newest() const {
    std::vector<std::string> lines(clients_);
    for (std::uint32_t client = 0; client < clients_; ++client) {
        for (const auto& process : processes_) {
            if (process == nullptr) continue;
            const auto& records = process->server.table();
            const herd::Record* record = records.find("c" + std::to_string(client));
            if (record == nullptr) continue;
            const std::string line(records.line(*record));
            if (lines[client].empty() || order(lines[client]) < order(line)) lines[client] = line;
        }
    }
    return lines;
}

// What some live server had when the faults ended, all have in the end, or something newer.
void World::check_nothing_lost(const std::vector<std::string>& newest_at_heal) {
    const std::vector<std::string> newest_now = newest();
    for (std::size_t i = 0; i < newest_at_heal.size(); ++i) {
        if (newest_at_heal[i].empty()) continue;
        if (newest_now[i].empty() || order(newest_now[i]) < order(newest_at_heal[i])) {
            fail("lost: " + newest_at_heal[i]);
        }
    }
}

}  // namespace sim
