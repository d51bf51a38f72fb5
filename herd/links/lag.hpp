#pragma once

#include "reactor/time.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace herd::links {

// How far a neighbour is behind, from what it was told (SEQ) and what it has acknowledged (ACK). A
// mark says that everything up to its number was there by its time; the oldest marks that are not
// acknowledged are kept, up to a fixed number.
class Lag {
public:
    // A new link, whose neighbour has processed everything up to `seq`; `whole`: that is all there
    // is.
    void reset(std::uint64_t seq, reactor::Instant now, bool whole = true) {
        acknowledged_ = seq;
        caught_up_ = last_whole_ = whole ? seq : 0;
        covered_ = now;
        count_ = 0;
    }
    // `whole`: nothing was left to be told when this was said.
    void marked(std::uint64_t seq, reactor::Instant now, bool whole = true) {
        assert(seq > acknowledged_);
        assert(count_ == 0 || seq > marks_[count_ - 1].seq);
        assert(now >= covered_);
        if (whole) last_whole_ = seq;
        if (count_ < marks_.size()) marks_[count_++] = {seq, now, whole};
    }
    void acknowledged(std::uint64_t seq) {
        if (seq <= acknowledged_) return;
        acknowledged_ = seq;
        std::size_t passed = 0;
        for (; passed < count_ && marks_[passed].seq <= seq; ++passed) {
            covered_ = marks_[passed].time;
            if (marks_[passed].whole) caught_up_ = marks_[passed].seq;
        }
        if (last_whole_ <= seq) caught_up_ = last_whole_;
        for (std::size_t i = passed; i < count_; ++i) marks_[i - passed] = marks_[i];
        count_ -= passed;
        assert(caught_up_ <= acknowledged_);
    }

    // Everything up to here has been processed there.
    std::uint64_t acknowledged() const { return acknowledged_; }
    // Up to here it had all at once. Up to acknowledged() it may lack a record that has changed
    // before it was its turn: that now has a later number.
    std::uint64_t caught_up() const { return caught_up_; }
    // Given the feed's latest number. An upper bound: a record changed twice counts twice.
    std::uint64_t records(std::uint64_t seq) const {
        assert(acknowledged_ <= seq);
        return seq - acknowledged_;
    }
    // Everything that had changed so long ago has been processed there.
    reactor::Duration time(std::uint64_t seq, reactor::Instant now) const {
        return seq == acknowledged_ ? reactor::Duration::zero() : now - covered_;
    }

    // Asserts what must hold between calls. For tests.
    void check() const {
        assert(count_ <= marks_.size());
        assert(caught_up_ <= acknowledged_);
        assert(caught_up_ <= last_whole_);
        std::uint64_t before = acknowledged_;
        for (std::size_t i = 0; i < count_; ++i) {
            assert(marks_[i].seq > before);
            assert(marks_[i].time >= covered_);
            before = marks_[i].seq;
        }
    }

private:
    struct Mark {
        std::uint64_t seq;
        reactor::Instant time;
        bool whole;
    };

    std::uint64_t acknowledged_ = 0;
    std::uint64_t caught_up_ = 0;
    std::uint64_t last_whole_ = 0;
    reactor::Instant covered_{};
    std::array<Mark, 16> marks_{};
    std::size_t count_ = 0;
};

}  // namespace herd::links
