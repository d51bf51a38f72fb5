#pragma once

#include "herd/core.hpp"
#include "herd/links/comparison.hpp"
#include "herd/links/peer_link.hpp"
#include "herd/table/rules.hpp"

#include <cstdint>
#include <string_view>

namespace herd::links {

class PeerSession;

// What a server knows of one configured neighbour, for as long as the server runs: the link it
// sends on, the session it receives on, and how far it has processed the neighbour's feed.
//
// An incarnation is a number for one run of one neighbour (name and epoch), unique within this
// server's run: the neighbour's index in the low bits, a count of runs above. 0 is nobody.
class Neighbour {
public:
    static constexpr std::uint32_t index_bits = 6;

    Neighbour(Core& core,
              std::uint32_t index,
              std::string_view name,
              const reactor::Address& address)
        : index_(index), name_(name), link_(core, *this, address) {}

    std::string_view name() const { return name_; }
    PeerLink& link() { return link_; }
    const PeerLink& link() const { return link_; }

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

    // How far its feed has been processed here.
    table::rules::Position received;
    // Its table beside ours.
    Comparison comparison;
    std::uint64_t divergences = 0;  // Buckets found divergent.
    // The session it sends on now, or null. Of two, the newer holds. While the link is live, it is
    // of the run that the link is live with.
    PeerSession* session = nullptr;

private:
    std::uint32_t index_;
    std::uint32_t run_ = 0;
    std::uint64_t epoch_ = 0;
    std::string_view name_;
    PeerLink link_;
};

}  // namespace herd::links
