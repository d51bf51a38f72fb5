#pragma once

#include <cassert>
#include <cstdint>

namespace bench {

// Which client reports next: each of them once, then each once again, in an order that jumps about
// as real clients do, or in that of their numbers.
class Picker {
public:
    enum class Order : std::uint8_t { in_turn, scattered };

    Picker(std::uint32_t clients, Order order)
        : clients_(clients), step_(order == Order::scattered ? 2'654'435'761 : 1) {
        assert(clients > 0);
    }

    // The step is a prime above the number of clients: all are visited before one is again.
    std::uint32_t next() { return static_cast<std::uint32_t>(count_++ * step_ % clients_); }
    std::uint64_t count() const { return count_; }

private:
    std::uint32_t clients_;
    std::uint64_t step_;
    std::uint64_t count_ = 0;
};

}  // namespace bench
