#include "herd/gps/reporter.hpp"

#include <cassert>
#include <utility>

namespace herd::gps {

Reporter::Reporter(reactor::Wire& wire,
                   const reactor::Address& server,
                   const LineLink::Sealing& sealing,
                   Introduce introduce)
    : link_(wire,
            server,
            {.opened = reactor::Delegate<void()>::to<&Reporter::on_opened>(*this),
             .heard = reactor::Delegate<void(std::string_view)>::to<&Reporter::on_line>(*this),
             .lost = reactor::Delegate<void()>::to<&Reporter::on_lost>(*this)},
            sealing),
      introduce_(introduce),
      late_(wire.loop(), reactor::Delegate<void()>::to<&Reporter::on_late>(*this)) {}

void Reporter::report(std::string_view line) {
    assert(!line.empty());
    assert(!leaving_);
    if (!newest_.empty()) ++skipped_;
    newest_ = line;
    if (link_.idle()) return link_.dial();
    go();
}

void Reporter::on_opened() {
    assert(stage_ == Stage::away);
    std::string line;
    verdict_ = Verdict::none;
    if (introduce_) {
        const std::string why = introduce_(line);
        if (!why.empty()) return link_.drop(why);
    }
    introduced_ = !line.empty();
    stage_ = introduced_ ? Stage::introducing : Stage::ready;
    if (!introduced_) return go();
    link_.say(line);
    late_.start(answer_time);
}

// The next, if there is one and it may be said.
void Reporter::go() {
    if (stage_ != Stage::ready || newest_.empty()) return;
    assert(asked_.empty());
    std::swap(asked_, newest_);
    link_.say(asked_);
    stage_ = Stage::asking;
    late_.start(answer_time);
}

// What answers nothing is skipped: it is none of our business.
void Reporter::on_line(std::string_view line) {
    const bool refused = line.starts_with("? ");
    if (stage_ == Stage::introducing) {
        if (refused) return link_.drop("it refuses the token");
        if (!line.starts_with("AUTH ")) return;
    } else if (stage_ == Stage::asking) {
        if (!refused && !line.starts_with("AT ")) return;
        asked_.clear();
        verdict_ = refused ? Verdict::refused : Verdict::taken;
        ++(refused ? refused_ : taken_);
        if (refused && introduced_) return link_.drop(refuses);
        if (!refused) link_.settle();
    } else {
        return;
    }
    stage_ = Stage::ready;
    late_.cancel();
    go();
}

void Reporter::on_lost() {
    late_.cancel();
    stage_ = Stage::away;
    if (newest_.empty()) newest_.swap(asked_);
    asked_.clear();
    if (!newest_.empty()) link_.dial();
}

void Reporter::on_late() {
    link_.drop("there is no answer in time");
}

bool Reporter::leave() {
    const bool owes = stage_ != Stage::away && (stage_ == Stage::asking || !newest_.empty());
    leaving_ = true;
    if (owes) return false;
    link_.leave();
    return link_.gone();
}

}  // namespace herd::gps
