#pragma once

#include "reactor/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace herd {

// How far a neighbour is behind, from what it was told (SEQ) and what it has acknowledged (ACK). A
// mark says that everything up to its number was there by its time; the oldest marks that are not
// acknowledged are kept, up to a fixed number.
class Lag {
public:
    // A new link, whose neighbour has processed everything up to `seq`.
    void reset(std::uint64_t seq, reactor::Instant now) {
        acknowledged_ = seq;
        covered_ = now;
        count_ = 0;
    }
    void marked(std::uint64_t seq, reactor::Instant now) {
        if (count_ < marks_.size()) marks_[count_++] = {seq, now};
    }
    void acknowledged(std::uint64_t seq) {
        if (seq <= acknowledged_) return;
        acknowledged_ = seq;
        std::size_t passed = 0;
        while (passed < count_ && marks_[passed].seq <= seq) covered_ = marks_[passed++].time;
        for (std::size_t i = passed; i < count_; ++i) marks_[i - passed] = marks_[i];
        count_ -= passed;
    }

    // Everything up to here has been processed there.
    std::uint64_t acknowledged() const { return acknowledged_; }
    // Given the feed's latest number. An upper bound: a record changed twice counts twice.
    std::uint64_t records(std::uint64_t seq) const { return seq - acknowledged_; }
    // Everything that had changed so long ago has been processed there.
    reactor::Duration time(std::uint64_t seq, reactor::Instant now) const {
        return seq == acknowledged_ ? reactor::Duration::zero() : now - covered_;
    }

private:
    struct Mark {
        std::uint64_t seq;
        reactor::Instant time;
    };

    std::uint64_t acknowledged_ = 0;
    reactor::Instant covered_{};
    std::array<Mark, 16> marks_{};
    std::size_t count_ = 0;
};

}  // namespace herd
