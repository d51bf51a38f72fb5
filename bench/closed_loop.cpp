#include "bench/closed_loop.hpp"

#include <algorithm>
#include <string>

namespace bench {

namespace {

constexpr reactor::Duration connect_timeout = std::chrono::seconds(10);
// Of a server that is overloaded, not of one that is well.
constexpr reactor::Duration answer_timeout = std::chrono::seconds(30);

}  // namespace

Answers answers_in(Speech speech) {
    switch (speech) {
        case Speech::iamat:
            return {Answers::Kind::lines, 'A'};
        case Speech::geoadd:
            return {Answers::Kind::lines, ':'};
        case Speech::at:
        case Speech::nats:
            break;
    }
    return {Answers::Kind::none, '\0'};
}

ClosedLoop::ClosedLoop(Rig& rig, const Target& target, const Shape& shape, Picker picker)
    : rig_(rig), fleet_(target.speech), picker_(picker), depth_(shape.depth) {
    if (target.speech == Speech::at || target.speech == Speech::nats) {
        throw CannotMeasure(target.system + " does not answer reports");
    }
    for (std::uint32_t i = 0; i < shape.connections; ++i) {
        Talker& talker = talkers_.emplace_back(
            rig, target.servers[shape.server].clients, answers_in(target.speech), times_);
        talker.on_answered(Talker::Answered::to<&ClosedLoop::on_answered>(*this));
    }
}

void ClosedLoop::connect() {
    for (Talker& talker : talkers_) talker.dial();
    const auto all = [this] { return std::ranges::all_of(talkers_, &Talker::connected); };
    if (!rig_.run_until(all, connect_timeout)) throw CannotMeasure("the server cannot be reached");
}

void ClosedLoop::start(std::uint64_t reports_max) {
    reports_max_ = reports_max;
    answered_before_ = answered_total();
    times_.clear();
    for (Talker& talker : talkers_) say(talker);
}

void ClosedLoop::run(reactor::Duration time) {
    start();
    rig_.run_for(time);
    stop();
    if (!rig_.run_until([this] { return idle(); }, answer_timeout)) {
        throw CannotMeasure("answers stay away");
    }
}

bool ClosedLoop::idle() const {
    return std::ranges::all_of(talkers_,
                               [](const Talker& talker) { return talker.waiting() == 0; });
}

void ClosedLoop::on_answered(Talker& talker, const Said&) {
    say(talker);
}

void ClosedLoop::say(Talker& talker) {
    if (!talker.connected() || picker_.count() >= reports_max_) return;
    const std::uint64_t left = reports_max_ - picker_.count();
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(depth_, left));
    const std::span<char> out = talker.reserve(count * Fleet::command_size_max);
    const reactor::Instant now = this_moment();
    std::size_t size = 0;
    stamp_ = std::max(stamp_, rig_.posix_ns(now));
    for (std::uint32_t i = 0; i < count; ++i) {
        size += fleet_.report(out.subspan(size), picker_.next(), ++stamp_);
    }
    talker.commit(size, {now, count, 0, stamp_});
}

std::uint64_t ClosedLoop::answered_total() const {
    std::uint64_t sum = 0;
    for (const Talker& talker : talkers_) sum += talker.answered();
    return sum;
}

std::uint64_t ClosedLoop::wrong() const {
    std::uint64_t sum = 0;
    for (const Talker& talker : talkers_) sum += talker.wrong();
    return sum;
}

std::uint32_t ClosedLoop::lost() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(talkers_, &Talker::lost));
}

}  // namespace bench
