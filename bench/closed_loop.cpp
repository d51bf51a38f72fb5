#include "bench/closed_loop.hpp"

#include "bench/fleet.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bench {

ClosedLoop::ClosedLoop(Session& session, const Target& target, const Shape& shape, Picker picker)
    : ClosedLoop(session, target, shape, picker, reports(target.protocol)) {}

ClosedLoop::ClosedLoop(
    Session& session, const Target& target, const Shape& shape, Picker picker, Commands commands)
    : session_(session), commands_(std::move(commands)), picker_(picker), depth_(shape.depth) {
    if (!commands_.answers.expected()) {
        throw CannotMeasure(target.system + " does not answer reports");
    }
    for (std::uint32_t i = 0; i < shape.connections; ++i) {
        Connection& connection = connections_.emplace_back(
            session, target.servers[shape.server], commands_.answers, times_);
        connection.on_answered(Connection::Answered::to<&ClosedLoop::on_answered>(*this));
    }
}

void ClosedLoop::connect() {
    std::vector<Connection*> all;
    for (Connection& connection : connections_) all.push_back(&connection);
    bench::connect(session_, all);
}

void ClosedLoop::start(std::uint64_t reports_max) {
    reports_max_ = reports_max;
    answered_before_ = answered_total();
    times_.clear();
    for (Connection& connection : connections_) say(connection);
}

void ClosedLoop::run(reactor::Duration time) {
    start();
    session_.run_for(time);
    stop();
    if (!session_.run_until([this] { return idle(); }, answer_timeout)) {
        throw CannotMeasure("answers stay away");
    }
}

bool ClosedLoop::idle() const {
    return std::ranges::all_of(
        connections_, [](const Connection& connection) { return connection.waiting() == 0; });
}

void ClosedLoop::on_answered(Connection& connection, const Batch&) {
    say(connection);
}

void ClosedLoop::say(Connection& connection) {
    if (!connection.connected() || picker_.count() >= reports_max_) return;
    const std::uint64_t left = reports_max_ - picker_.count();
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(depth_, left));
    const std::span<char> out = connection.reserve(count * Fleet::command_size_max);
    const reactor::Instant now = this_moment();
    std::size_t size = 0;
    stamp_ = std::max(stamp_, session_.posix_ns(now));
    for (std::uint32_t i = 0; i < count; ++i) {
        size += commands_.write(out.subspan(size), picker_.next(), ++stamp_);
    }
    connection.commit(size, {now, count, 0, stamp_});
}

std::uint64_t ClosedLoop::answered_total() const {
    std::uint64_t sum = 0;
    for (const Connection& connection : connections_) sum += connection.answered();
    return sum;
}

std::uint64_t ClosedLoop::wrong() const {
    std::uint64_t sum = 0;
    for (const Connection& connection : connections_) sum += connection.wrong();
    return sum;
}

std::uint32_t ClosedLoop::lost() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(connections_, &Connection::lost));
}

}  // namespace bench
