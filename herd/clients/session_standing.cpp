#include "herd/clients/session.hpp"

namespace herd::clients {

Session::Standing Session::standing(std::uint32_t now) const {
    if (stream_.dead()) return Standing::gone;
    assert(now >= stream_.waiting_since());
    using Waiting = reactor::Stream::Waiting;
    const Waiting waiting = stream_.waiting();
    if (waiting == Waiting::linger) return Standing::leaving;
    if (!proven_) {
        const bool silent = waiting == Waiting::first && now - stream_.waiting_since() > 1;
        if (silent) return Standing::silent;
        const bool begins = waiting == Waiting::first || waiting == Waiting::rest;
        return begins ? Standing::beginning : Standing::invalid;
    }
    if (waiting == Waiting::owner) return Standing::owed;
    if (now == stream_.waiting_since()) {
        return waiting == Waiting::drain ? Standing::owed : Standing::busy;
    }
    return waiting == Waiting::next ? Standing::idle : Standing::stalled;
}

void Session::check() const {
    stream_.check();
    assert(!asks() || !syncing_);
    assert(!waits() || !stream_.listens());
    if (!asks()) return;
    const Question& question = host_.questions[question_];
    assert(question.ticket);
    assert(!question.at_line.empty());
    assert(question.bound > 0);
    question.at_line.check(host_.core.wire.blocks());
}

}  // namespace herd::clients
