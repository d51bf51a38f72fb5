// What must hold of a journal: of its states, which stand in the table above journal.cpp, at any
// time; of all the rest between calls.
#include "herd/journal/journal.hpp"

#include <cassert>
#include <cstdint>

namespace herd::journal {

void Journal::check_states() const {
    if (!on_) return;
    const std::uint32_t files = (current_ != nullptr ? 1U : 0U) + (next_ != nullptr ? 1U : 0U);
    assert(disk_.size() == files + disk_.given_up());
    assert(current_ != nullptr || troubled_ || recovery_);
    assert(current_ != nullptr || loading() || held_.empty());
    assert(!recovery_ || files == 0);
    assert(next_ != nullptr || !(next_synced_ || next_whole_));
    if (stuck_) {
        assert(troubled_);
        assert(files == 0);
        return;
    }
    if (folder_.making()) assert(next_ == nullptr);
    if (folder_.installing()) {
        assert(next_ != nullptr);
        assert(disk_.quiet());
    }
}

void Journal::check() const {
    if (!on_) return;
    check_states();
    disk_.check();
    folder_.check();
    held_.check();
    const std::uint64_t seq = core_.table.feed().seq();
    assert(pumped_seq_ <= seq);
    assert(synced_seq_ <= seq);
    assert(current_ == nullptr || current_ != next_);
    assert(current_ == nullptr || !current_->given_up());
    assert(current_ == nullptr || synced_seq_ <= current_->seq());
    assert(next_ == nullptr || !next_->given_up());
    assert(next_ != nullptr || !round_.next_complete || !disk_.in_round());
    assert(pause_ >= pause_min);
    assert(pause_ <= pause_max);
}

}  // namespace herd::journal
