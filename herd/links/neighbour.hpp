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
class Neighbour {
public:
    static constexpr std::uint32_t index_bits = 6;

    // `name` is the configuration's, and outlives this.
    Neighbour(std::uint32_t index, std::string_view name) : index_(index), name_(name) {
        assert(index < (1U << index_bits));
        assert(!name.empty());
    }

    std::uint32_t index() const { return index_; }
    std::string_view name() const { return name_; }

    // The incarnation of its run `epoch`; a new number whenever that is not the run known so far.
    std::uint32_t incarnation(std::uint64_t epoch) {
        if (epoch != epoch_ || run_ == 0) {
            epoch_ = epoch;
            ++run_;
        }
        return (run_ << index_bits) | index_;
    }

    // Whether this is the run known so far.
    bool is_run(std::uint64_t epoch) const { return epoch == epoch_ && run_ != 0; }

    // Asserts what must hold between calls. For tests.
    void check() const {
        assert(received.sweep_target == 0 || received.sweep_target > received.seq);
        assert(received.sweep_target != 0 || received.sweep_slot == 0);
        assert(run_ != 0 || received.seq == 0);
    }

    // How far its feed has been processed here.
    table::rules::Position received;
    // Its table beside ours.
    Comparison comparison;
    std::uint64_t divergences = 0;  // Buckets found divergent.

private:
    std::uint32_t index_;
    std::uint32_t run_ = 0;
    std::uint64_t epoch_ = 0;
    std::string_view name_;
};

}  // namespace herd::links
