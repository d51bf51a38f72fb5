// The clients of a simulated herd, and what they are answered.
#include "protocol/tokens.hpp"
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sim {

namespace {

std::string_view field(std::string_view line, std::size_t index) {
    protocol::Tokens tokens(line);
    for (std::size_t i = 0; i < index; ++i) tokens.next();
    return tokens.next();
}

// What is sent of the line that ends in `unsent` last of all; empty if none is cut.
std::string_view cut_line(const Visitor& visitor) {
    std::size_t unsent = visitor.unsent.size();
    for (auto asked = visitor.asked.rbegin(); unsent > 0 && asked != visitor.asked.rend();
         ++asked) {
        const std::size_t size = asked->line.size() + 1;
        if (size > unsent) return std::string_view(asked->line).substr(0, size - unsent);
        unsent -= size;
    }
    return {};
}

}  // namespace

void World::say(Host host, const std::string& line) {
    say_event("at " + name(host) + ": " + line);
    Visitor& visitor = visitors_[host];
    if (visitor.asked.empty()) visitor.first_ns = kernel_.now_ns();
    visitor.asked.push_back({line, kernel_.wall_ns(host)});
    visitor.unsent += line + "\n";
    exchange(host, visitor);
}

void World::settle_visitors() {
    for (Host host = 0; host < visitors_.size(); ++host) {
        if (visitors_[host].fd >= 0) exchange(host, visitors_[host]);
        check_deadlines(host);
    }
    kernel_.enter(visitor_host);
    std::erase_if(intruders_, [&](Intruder& intruder) {
        const bool goes_on = intruder.unsent.empty() ? random_.chance(80)
                                                     : send_unsent(intruder.fd, intruder.unsent);
        if (intruder.http) hear_http(intruder);
        if (!goes_on) kernel_.close(intruder.fd);
        return !goes_on;
    });
}

// H1: what comes over HTTP begins as an answer does.
void World::hear_http(Intruder& intruder) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    char buffer[512];
    while (intruder.unsent.empty() && kernel_.peer_address(intruder.fd)) {
        const auto received = kernel_.receive(intruder.fd, buffer);
        if (!received || *received == 0) return;
        if (intruder.heard.size() < begin.size()) intruder.heard.append(buffer, *received);
        const std::size_t known = std::min(begin.size(), intruder.heard.size());
        if (!intruder.heard.starts_with(begin.substr(0, known))) {
            fail("H1", "no answer of HTTP: " + intruder.heard);
        }
    }
}

// As much as it can; false when the connection has failed.
bool World::send_unsent(int fd, std::string& unsent) {
    if (!kernel_.take_error(fd)) return false;
    while (!unsent.empty() && kernel_.peer_address(fd)) {
        const auto sent = kernel_.send(fd, unsent);
        if (!sent) return sent.error().value == EAGAIN;
        unsent.erase(0, *sent);
    }
    return true;
}

// Sends and receives what it can. A visitor whose connection has failed forgets what it asked.
void World::exchange(Host host, Visitor& visitor) {
    kernel_.enter(visitor_host);
    if (visitor.fd < 0) {
        visitor.fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(visitor.fd, scenario_.config.servers[host].clients));
    }
    const bool connected = send_unsent(visitor.fd, visitor.unsent);
    while (true) {
        char buffer[512];
        const auto received = kernel_.receive(visitor.fd, buffer);
        if (!received && received.error().value == EAGAIN && connected) return;
        if (!received || *received == 0) break;
        visitor.received.append(buffer, *received);
        read_answers(host, visitor);
    }
    kernel_.close(visitor.fd);
    visitor = {};
}

// What is still on its way to it is never read. The server takes what it has of a last line for a
// line: a report with fewer digits in its stamp has been said as well.
void World::leave(Host host) {
    Visitor& visitor = visitors_[host];
    const std::string_view cut = cut_line(visitor);
    const std::string_view stamp = field(cut, 3);
    const std::uint32_t client = client_of(field(cut, 1));
    if (cut.starts_with("IAMAT") && !stamp.empty() && client < scenario_.clients) {
        reports_[client].emplace_back(field(cut, 2), stamp);
    }
    kernel_.enter(visitor_host);
    if (visitor.fd >= 0) kernel_.close(visitor.fd);
    visitor = {};
}

void World::read_answers(Host host, Visitor& visitor) {
    while (!visitor.asked.empty()) {
        const std::string& line = visitor.asked.front().line;
        const bool question = line.starts_with("WHATSAT") || line.starts_with("NEARBY");
        const bool many = question && !visitor.received.starts_with("?");
        const std::string_view stop = many ? "\n\n" : "\n";
        const std::size_t end = visitor.received.find(stop);
        if (end == std::string::npos) return;
        check_answer(host, visitor.asked.front(), visitor.received.substr(0, end));
        visitor.received.erase(0, end + stop.size());
        visitor.asked.pop_front();
        visitor.first_ns = kernel_.now_ns();
        visitor.heard = true;
    }
    if (!visitor.received.empty()) fail("A1", "an answer to nothing: " + visitor.received);
}

// A1: each command is answered once, in order, with what it asked for; S6: not with what had
// expired before.
void World::check_answer(Host host, const Visitor::Asked& asked, const std::string& answer) {
    const std::string& command = asked.line;
    if (answer == "? " + command) return check_refusal(host, asked);
    if (command.starts_with("NEARBY")) return check_near(host, asked, answer);
    if (command == "SYNC") return check_synced(host, asked, answer);
    const std::string line = answer.substr(0, answer.find('\n'));
    if (!protocol::parse_peer_message(line)) return fail("A1", "not an answer: " + answer);
    if (field(line, 3) != field(command, 1)) return fail("A1", "answer to another: " + answer);
    if (command.starts_with("WHATSAT")) {
        // Without a block to keep its line in, a question is one too many.
        const bool scarce = scenario_.config.limits.blocks < 16;
        if (scarce && answer.find("OVER_QUERY_LIMIT") != std::string::npos) return;
        if (answer.find("\"a\"") == std::string::npos) fail("A1", "no places: " + answer);
        const std::int64_t counts_ns = asked.time_ns - scenario_.config.ttl_s * 1'000'000'000;
        if (scenario_.config.ttl_s > 0 && effective_ns(parse_at(line)) <= counts_ns) {
            fail("S6", name(host) + " answers with what has expired: " + line);
        }
        if (answer.find("\"b\"") != std::string::npos) fail("A1", "not cut: " + answer);
        return;
    }
    if (field(line, 1) != name(host)) return fail("A1", "not my server: " + answer);
    if (field(line, 4) != field(command, 2) || field(line, 5) != field(command, 3)) {
        return fail("A1", "not what was said: " + command + " / " + answer);
    }
    promise(host, line);
}

// A2: a report is refused for want of room, or for its stamp, and for nothing else; a SYNC when its
// time is over.
void World::check_refusal(Host host, const Visitor::Asked& asked) {
    const std::string& command = asked.line;
    if (command.starts_with("NEARBY")) return check_nobody_near(host, asked);
    const bool refusable = command == "SYNC" || command.starts_with("IAMAT");
    if (!refusable || processes_[host] == nullptr) return;
    const herd::watch::Counters& counters = processes_[host]->server.counters();
    if (command == "SYNC" && counters.syncs_late + counters.syncs_refused > 0) return;
    if (counters.table_full + counters.long_records_full > 0) return;
    if (counters.future_stamps + counters.expired_stamps > 0) return;
    // Its refuser may be gone already.
    if (scenario_.has(Event::stop)) return;
    fail("A2", name(host) + " refuses " + command);
}

// A3: what the server had when it was asked all neighbours have that it counts as linked.
void World::check_synced(Host host, const Visitor::Asked& asked, const std::string& answer) {
    const auto& neighbours = scenario_.config.servers[host].neighbours;
    const std::string linked(field(answer, 2));
    const std::string all = std::to_string(neighbours.size());
    if (answer != "SYNC " + name(host) + " " + linked + " " + all || linked.empty()) {
        return fail("A1", "not what a SYNC asks for: " + answer);
    }
    if (asked.epochs.empty() || asked.epochs[host] != epochs()[host]) return;
    std::size_t lacking = 0;
    for (Host other = 0; other < processes_.size(); ++other) {
        const bool linkable = std::ranges::find(neighbours, name(other)) != neighbours.end();
        if (linkable && lacks(other, host, asked)) ++lacking;
    }
    if (liar_lacks(host, asked)) ++lacking;
    if (std::stoul(linked) + lacking <= neighbours.size()) return;
    fail("A3", answer + ", and " + std::to_string(lacking) + " lack something");
}

// One that has begun anew since, or has had no room, may.
bool World::lacks(Host neighbour, Host host, const Visitor::Asked& asked) const {
    if (processes_[neighbour] == nullptr || epochs()[neighbour] != asked.epochs[neighbour]) {
        return false;
    }
    const herd::watch::Counters& counters = processes_[neighbour]->server.counters();
    if (counters.table_full + counters.long_records_full > 0) return false;
    return std::ranges::any_of(asked.had, [&](const std::string& line) {
        const auto at = parse_at(line);
        if (expired(neighbour, at) || expired(host, at)) return false;
        const herd::table::Record* record = table(neighbour).find(at.client);
        return record == nullptr || older(version_of(table(neighbour), *record), version_of(at));
    });
}

// A3: a SYNC is answered in its time, give or take what the way and the disk may take.
// A4: so is a report, whatever the disk does.
void World::check_deadlines(Host host) {
    const Visitor& visitor = visitors_[host];
    if (processes_[host] == nullptr || !visitor.heard || visitor.asked.empty()) return;
    const herd::config::Limits& limits = scenario_.config.limits;
    const std::int64_t waited_ns = kernel_.now_ns() - visitor.first_ns;
    // For its journal to be read, and then for what it says to be written.
    const std::int64_t waits = configs_[host].journal.listen_first ? 2 : 1;
    const std::int64_t report_ns = waits * limits.journal_ms * ms + 1000 * ms;
    if (visitor.asked.front().line == "SYNC") {
        // Reports behind it may have come with it: then it leaves with their answers.
        const std::int64_t sync_ns = limits.sync_ms * ms + std::max(report_ns, 2000 * ms);
        if (waited_ns > sync_ns) fail("A3", name(host) + " owes a SYNC");
    } else if (visitor.asked.front().line.starts_with("IAMAT")) {
        if (waited_ns > report_ns) fail("A4", name(host) + " owes a report");
    }
}

std::vector<std::uint64_t> World::epochs() const {
    std::vector<std::uint64_t> all;
    for (const auto& process : processes_) {
        all.push_back(process == nullptr ? 0 : process->server.epoch());
    }
    return all;
}

// S0: what a server has answered it has, for as long as it runs; with a journal, for longer. Who
// still reads that may lack what its run before has answered, and D1 looks for it then.
void World::promise(Host host, const std::string& line) {
    const std::uint32_t client = client_of(field(line, 3));
    const Process* process = processes_[host].get();
    const bool knows = process != nullptr && !loading_[host];
    const bool failed = process != nullptr && process->server.counters().journal_failures > 0;
    if (scenario_.journal && (failed || taken_[host] || visitors_[host].doubtful)) return;
    if (scenario_.journal && !journaled(host)) {
        if (knows) check_promise(host, "S0", line);
        return;
    }
    auto& promises = promises_[host][client];
    // Read after the death of who said so: nothing is known of a sync.
    promises.push_back({process != nullptr ? kernel_.now_ns() : INT64_MAX, line});
    if (knows) check_promise(host, "S0", line);
    // Of what was promised long ago the newest is enough.
    if (promises.size() > 16) {
        const auto newest = [](const Promise& one, const Promise& other) {
            return older_report(version_of(one.line), version_of(other.line));
        };
        const auto middle = promises.begin() + 8;
        std::iter_swap(std::max_element(promises.begin(), middle, newest), middle - 1);
        promises.erase(promises.begin(), middle - 1);
    }
}

// By (time, location): the same report, said at two servers, is one.
void World::check_promise(Host host, std::string_view check, const std::string& line) {
    const auto promised = parse_at(line);
    if (expired(host, promised)) return;
    const herd::table::Record* record = table(host).find(promised.client);
    if (record == nullptr) return fail(check, name(host) + " has lost " + line);
    if (!older_report(version_of(table(host), *record), version_of(promised))) return;
    fail(check,
         name(host) + " answered " + line + " and has " + std::string(table(host).line(*record)));
}

}  // namespace sim
