#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <openssl/bio.h>

namespace herd::tls {

// Where OpenSSL finds the sealed bytes that have come, and leaves those that are to go: one BIO for
// all connections of a loop, so none has buffers of its own. A Channel lends it what has come for
// the length of a call, and whoever called the channel takes what has been left.
//
// Invariant: between two calls there is nothing to read. Pinned.
class Exchange {
public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    // Once, first. `plain_max`: plain bytes that are sealed in one call, at most. ENOMEM.
    reactor::Result<void> open(std::size_t plain_max);

    // Whoever gives it to an SSL gives it a reference of its own.
    BIO* bio() const { return bio_; }

    // What OpenSSL may read from now on; nothing is left to be sent.
    void lend(std::span<const char> sealed) {
        in_ = sealed;
        used_ = 0;
    }
    bool all_read() const { return in_.empty(); }
    // It may read no more: it stops after the record that it has.
    void stop() { in_ = {}; }
    // What OpenSSL has written since then. Valid until it writes again.
    std::string_view output() { return {&out_[0], std::exchange(used_, 0)}; }

    // Channels that use it now.
    std::uint32_t channels() const { return channels_; }

private:
    friend class Channel;
    struct Method;  // What OpenSSL calls.

    std::span<const char> in_;
    reactor::PageArray<char> out_;
    std::size_t used_ = 0;
    std::uint32_t channels_ = 0;
    BIO* bio_ = nullptr;
};

}  // namespace herd::tls
