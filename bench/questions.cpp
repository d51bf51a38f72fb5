#include "bench/questions.hpp"

#include "bench/fleet.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bench {

Questions::Questions(Session& session,
                     const TargetServer& server,
                     const Shape& shape,
                     Commands commands)
    : session_(session),
      shape_(shape),
      commands_(std::move(commands)),
      pacer_(session, Pacer::Due::to<&Questions::on_due>(*this)) {
    for (std::uint32_t i = 0; i < shape.connections; ++i) {
        Connection& connection =
            connections_.emplace_back(session, server, commands_.answers, times_);
        connection.on_answered(Connection::Answered::to<&Questions::on_answered>(*this));
    }
}

void Questions::connect() {
    std::vector<Connection*> all;
    for (Connection& connection : connections_) all.push_back(&connection);
    bench::connect(session_, all);
}

void Questions::start() {
    times_.clear();
    pacer_.start(shape_.per_second);
}

bool Questions::idle() const {
    return due_.empty() && std::ranges::all_of(connections_, [](const Connection& connection) {
               return connection.waiting() == 0;
           });
}

std::uint64_t Questions::wrong() const {
    std::uint64_t sum = 0;
    for (const Connection& connection : connections_) sum += connection.wrong();
    return sum;
}

void Questions::on_due(reactor::Instant due) {
    due_.push_back(due);
    const auto free = std::ranges::find_if(connections_, [](const Connection& connection) {
        return connection.connected() && connection.waiting() == 0;
    });
    if (free != connections_.end()) ask(*free);
}

void Questions::on_answered(Connection& connection, const Batch&) {
    if (!due_.empty()) ask(connection);
}

void Questions::ask(Connection& connection) {
    // A prime: all are asked about, and neighbours in number not one after the other.
    const auto client =
        static_cast<std::uint32_t>(next_++ * std::uint64_t{2'654'435'761} % shape_.clients);
    const std::size_t size =
        commands_.write(connection.reserve(Fleet::command_size_max), client, 0);
    connection.commit(size, {due_.front(), 1, client, 0});
    due_.pop_front();
}

}  // namespace bench
