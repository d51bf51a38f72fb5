#pragma once

#include "protocol/nats_info.hpp"
#include "reactor/address.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace herd::nats {

// Where brokers are, in turn: those of the configuration, then those that the latest broker has
// told of. Names are not looked up, so that only addresses are learned. None has two turns running
// where there is another.
// Invariant: turn_ is one of them, and there is at least one.
class Addresses {
public:
    static constexpr std::size_t configured_max = 16;
    static constexpr std::size_t size_max = configured_max + protocol::nats::BrokerInfo::urls_max;

    explicit Addresses(std::span<const reactor::Address> configured);

    // Whose turn it is; then it is another's.
    reactor::Address next();
    // The one that next() has told latest; before, the first one.
    const reactor::Address& latest() const { return latest_; }

    // In place of what another broker has told.
    void learn(const protocol::nats::BrokerInfo& info);
    // There is another than the latest.
    bool has_other() const;
    std::size_t size() const { return size_; }

private:
    std::span<const reactor::Address> all() const { return std::span(all_).first(size_); }

    std::array<reactor::Address, size_max> all_{};
    std::size_t configured_;
    std::size_t size_;
    std::size_t turn_ = 0;
    reactor::Address latest_;
    bool begun_ = false;  // next() has told one.
};

}  // namespace herd::nats
