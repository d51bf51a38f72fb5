#pragma once

#include "herd/links/comparison.hpp"
#include "herd/table/rules.hpp"

#include <cassert>
#include <cstdint>
#include <string_view>

namespace herd::links {

// What a server remembers of one configured neighbour, whatever connects the two just now. Owned by
// Neighbours, for as long as the server runs.
//
// An incarnation is a number for one run of one neighbour (name and epoch), unique within this
// server's run: the neighbour's index in the low bits, a count of runs above. 0 is nobody.
//
// A cookie is what two servers tell each other only where each listens. Ours is what the neighbour
// has to show when it dials us; theirs is what we show when we dial it. Of theirs there are two:
// `proven` came on a connection that showed ours, `heard` on any one that came in the neighbour's
// name, and may be a stranger's. Showing a wrong one harms nobody.
class Neighbour {
public:
    static constexpr std::uint32_t index_bits = 6;
    static constexpr std::uint32_t runs_max = (1U << (32 - index_bits)) - 1;

    // `name` is the configuration's, and outlives this. A cookie is 64 random bits, not 0.
    Neighbour(std::uint32_t index, std::string_view name, std::uint64_t cookie)
        : index_(index), name_(name), cookie_(cookie) {
        assert(index < (1U << index_bits));
        assert(!name.empty());
        assert(cookie != 0);
    }

    std::uint32_t index() const { return index_; }
    std::string_view name() const { return name_; }
    std::uint64_t cookie() const { return cookie_; }

    // The incarnation of its run `epoch`; a new number whenever that is not the run known so far.
    // Only while counts() says so.
    std::uint32_t incarnation(std::uint64_t epoch) {
        assert(counts(epoch));
        if (!is_run(epoch)) {
            epoch_ = epoch;
            ++run_;
        }
        return (run_ << index_bits) | index_;
    }

    // Whether this is the run known so far.
    bool is_run(std::uint64_t epoch) const { return epoch == epoch_ && run_ != 0; }
    // Whether there is a number for that run: a count that began anew would give a run the records
    // of another.
    bool counts(std::uint64_t epoch) const { return is_run(epoch) || run_ < runs_max; }

    // Asserts what must hold between calls. For tests.
    void check() const {
        assert(received.sweep_target == 0 || received.sweep_target > received.seq);
        assert(received.sweep_target != 0 || received.sweep_slot == 0);
        assert(run_ != 0 || received.seq == 0);
        assert(run_ <= runs_max);
        assert(run_ != 0 || proven == 0);
    }

    // How far its feed has been processed here.
    table::rules::Position received;
    // What to show it; 0: nothing was told yet.
    std::uint64_t proven = 0;
    std::uint64_t heard = 0;
    // Its table beside ours.
    Comparison comparison;
    std::uint64_t divergences = 0;  // Buckets found divergent.

private:
    std::uint32_t index_;
    std::uint32_t run_ = 0;
    std::uint64_t epoch_ = 0;
    std::string_view name_;
    std::uint64_t cookie_;
};

}  // namespace herd::links
