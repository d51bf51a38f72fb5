#pragma once

#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace herd::places {

// The descriptors that libcurl wants watched, by their number. It owns them, and may close one
// without a word and open another of the same number: so a number is forgotten when it is opened or
// closed, and libcurl's own note of who watches it (sockp) is not used.
class CurlWatches {
public:
    static constexpr std::size_t size_max = reactor::Loop::guests_max;

    CurlWatches(reactor::Loop& loop, reactor::Delegate<void(int, reactor::Ready)> ready);
    CurlWatches(const CurlWatches&) = delete;
    CurlWatches& operator=(const CurlWatches&) = delete;

    // Starts or changes a watch. False: no room, or the descriptor is closed already.
    bool watch(int fd, reactor::Interest interest);
    void forget(int fd);

    std::size_t size() const { return size_; }

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    struct Guest {
        void on_ready(reactor::Ready ready) const { owner->ready_(fd, ready); }

        CurlWatches* owner = nullptr;
        int fd = -1;  // -1: free
        reactor::Watch watch;
    };

    Guest* find(int fd);

    reactor::Loop& loop_;
    reactor::Delegate<void(int, reactor::Ready)> ready_;
    std::size_t size_ = 0;
    std::array<Guest, size_max> guests_;
};

}  // namespace herd::places
