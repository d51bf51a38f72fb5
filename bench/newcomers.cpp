#include "bench/newcomers.hpp"

#include "bench/fleet.hpp"

#include <algorithm>
#include <array>

namespace bench {

namespace {

constexpr reactor::Duration end_timeout = std::chrono::seconds(10);

// All of 127.0.0.0/8 is this machine.
reactor::Address own_address(std::uint32_t number) {
    reactor::Address address;
    address.bytes = {127,
                     64,
                     static_cast<std::uint8_t>((number + 1) >> 8),
                     static_cast<std::uint8_t>(number + 1)};
    return address;
}

Commands nothing() {
    return {{}, {Answers::Kind::none, '\0'}};
}

}  // namespace

Newcomers::Newcomer::Newcomer(Newcomers& all, const TargetServer& server, std::uint32_t number)
    : all_(all), connection_(all.session_, server, all.commands_.answers, all.times_) {
    if (server.clients.is_loopback() && !server.clients.v6) {
        connection_.leave_from(own_address(number));
    }
    connection_.on_changed(Connection::Changed::to<&Newcomer::on_changed>(*this));
    connection_.on_answered(Connection::Answered::to<&Newcomer::on_answered>(*this));
}

void Newcomers::Newcomer::come() {
    gone_ = false;
    dialled_ = this_moment();
    connection_.dial();
}

void Newcomers::Newcomer::on_changed(Connection& connection) {
    if (!connection.connected()) {
        gone_ = true;
        if (all_.open_) come();
        return;
    }
    ++arrivals_;
    if (all_.manners_ != Manners::silent) return say();
    all_.times_.record((this_moment() - dialled_).count());
    connection.leave();
}

void Newcomers::Newcomer::on_answered(Connection& connection, const Batch&) {
    if (all_.manners_ == Manners::polite) connection.leave();
}

void Newcomers::Newcomer::say() {
    std::array<char, Fleet::command_size_max> text;
    const std::uint32_t client = all_.picker_.next();
    const std::int64_t stamp = all_.session_.posix_ns(this_moment());
    const std::size_t size = all_.commands_.write(text, client, stamp);
    const Batch batch{dialled_, 1, client, stamp};
    if (all_.manners_ == Manners::hasty) return connection_.say_last({text.data(), size}, batch);
    std::ranges::copy_n(
        text.data(), static_cast<std::ptrdiff_t>(size), connection_.reserve(size).begin());
    connection_.commit(size, batch);
}

Newcomers::Newcomers(Session& session, const Target& target, const Shape& shape)
    : session_(session),
      server_(target.servers[shape.server].name),
      manners_(shape.manners),
      commands_(shape.manners == Manners::silent ? nothing() : reports(target.protocol)),
      picker_(shape.clients, Picker::Order::scattered) {
    if (manners_ != Manners::silent && !commands_.answers.expected()) {
        throw CannotMeasure(target.system + " does not answer reports");
    }
    if (manners_ == Manners::hasty && session.sealing() != nullptr) {
        throw CannotMeasure("by TLS nobody ends his direction and goes on reading");
    }
    for (std::uint32_t i = 0; i < shape.connections; ++i) {
        newcomers_.emplace_back(*this, target.servers[shape.server], i);
    }
}

void Newcomers::start() {
    open_ = true;
    for (Newcomer& each : newcomers_) each.come();
}

void Newcomers::end() {
    open_ = false;
    const auto all_gone = [this] { return std::ranges::all_of(newcomers_, &Newcomer::gone); };
    if (times_.count() > 0 && session_.run_until(all_gone, end_timeout)) return;
    throw CannotMeasure(server_ +
                        " does not take everybody: " + newcomers_[0].connection().refusal());
}

std::uint64_t Newcomers::wrong() const {
    std::uint64_t sum = 0;
    for (const Newcomer& each : newcomers_) sum += each.connection().wrong();
    return sum;
}

std::uint64_t Newcomers::refusals() const {
    std::uint64_t sum = 0;
    for (const Newcomer& each : newcomers_) sum += each.connection().refusals();
    return sum;
}

std::uint64_t Newcomers::failures() const {
    std::uint64_t sum = 0;
    for (const Newcomer& each : newcomers_) sum += each.connection().dials() - each.arrivals();
    return sum - refusals();
}

std::uint64_t Newcomers::unanswered() const {
    std::uint64_t sum = 0;
    for (const Newcomer& each : newcomers_) sum += each.arrivals() - each.connection().answered();
    return sum;
}

}  // namespace bench
