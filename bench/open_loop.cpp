#include "bench/open_loop.hpp"

#include "bench/fleet.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace bench {

namespace {

constexpr std::string_view nats_greeting = "CONNECT {\"verbose\":false}\r\n";

}  // namespace

OpenLoop::Entry::Entry(OpenLoop& loop, const Target& target, std::size_t server)
    : connection(loop.session_, target.servers[server], loop.commands_.answers, loop.times_),
      picker(loop.clients_per_entry(), Picker::Order::scattered) {}

OpenLoop::OpenLoop(Session& session, const Target& target, const Shape& shape)
    : OpenLoop(session, target, shape, reports(target.protocol)) {}

OpenLoop::OpenLoop(Session& session, const Target& target, const Shape& shape, Commands commands)
    : session_(session),
      shape_(shape),
      commands_(std::move(commands)),
      sent_(shape.clients),
      pacer_(session, Pacer::Due::to<&OpenLoop::on_due>(*this)) {
    if (clients_per_entry() == 0) throw CannotMeasure("fewer clients than entry servers");
    for (const std::size_t server : shape.entries) entries_.emplace_back(*this, target, server);
}

void OpenLoop::on_answered(Connection::Answered answered) {
    for (Entry& entry : entries_) entry.connection.on_answered(answered);
}

void OpenLoop::connect(Protocol protocol) {
    std::vector<Connection*> all;
    for (Entry& entry : entries_) all.push_back(&entry.connection);
    bench::connect(session_, all);
    if (protocol != Protocol::nats) return;
    for (Entry& entry : entries_) {
        std::ranges::copy(nats_greeting, entry.connection.reserve(nats_greeting.size()).begin());
        entry.connection.commit(nats_greeting.size(), {});
    }
}

void OpenLoop::start() {
    sent_ = Ledger(sent_.clients());
    pacer_.start(shape_.per_second / shape_.burst);
}

void OpenLoop::park_half() {
    shape_.clients = std::max(shape_.clients / 2, static_cast<std::uint32_t>(entries_.size()));
    for (Entry& entry : entries_) {
        entry.picker = Picker(clients_per_entry(), Picker::Order::scattered);
    }
}

void OpenLoop::knock() {
    for (std::size_t entry = 0; entry < entries_.size(); ++entry) say(entry, 1, this_moment());
}

void OpenLoop::on_due(reactor::Instant due) {
    say(next_entry_, shape_.burst, due);
    next_entry_ = (next_entry_ + 1) % entries_.size();
}

void OpenLoop::say(std::size_t number, std::uint32_t reports, reactor::Instant due) {
    Entry& entry = entries_[number];
    if (!entry.connection.connected()) {
        unsent_ += reports;
        return;
    }
    const std::span<char> out = entry.connection.reserve(reports * Fleet::command_size_max);
    // Stamps increase even if several reports are due at once.
    stamp_ = std::max(stamp_ + 1, session_.posix_ns(due));
    std::size_t size = 0;
    std::uint32_t client = 0;
    for (std::uint32_t i = 0; i < reports; ++i, ++stamp_) {
        client = entry.picker.next() * static_cast<std::uint32_t>(entries_.size()) +
                 static_cast<std::uint32_t>(number);
        size += commands_.write(out.subspan(size), client, stamp_);
        sent_.send(client, stamp_);
    }
    entry.connection.commit(size, {due, reports, client, stamp_ - 1});
}

std::uint32_t OpenLoop::clients_per_entry() const {
    return shape_.clients / static_cast<std::uint32_t>(shape_.entries.size());
}

template <class Number>
Number OpenLoop::sum(Number (Connection::*of)() const) const {
    Number sum = 0;
    for (const Entry& entry : entries_) sum += (entry.connection.*of)();
    return sum;
}

std::uint64_t OpenLoop::waiting() const {
    return sum(&Connection::waiting);
}

std::uint64_t OpenLoop::unanswered() const {
    return waiting() + sum(&Connection::abandoned);
}

std::uint32_t OpenLoop::lost() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(
        entries_, [](const Entry& entry) { return entry.connection.lost(); }));
}

std::size_t OpenLoop::queued() const {
    return sum(&Connection::queued);
}

std::uint64_t OpenLoop::answered() const {
    return sum(&Connection::answered);
}

std::uint64_t OpenLoop::wrong() const {
    return sum(&Connection::wrong);
}

}  // namespace bench
