#pragma once

#include "reactor/delegate.hpp"
#include "reactor/time.hpp"

#include <cstdint>
#include <string_view>

namespace herd::places {

// One HTTP request: a GET, or with a body a POST. The fetcher adds the headers.
struct FetchRequest {
    std::string_view url;
    std::string_view body;
};

// How a transfer failed below HTTP.
enum class FetchFault : std::uint8_t {
    none,
    unresolved,   // the host's name has no address, or finding it took too long
    unconnected,  // refused, unreachable, or no connection in time
    untrusted,    // TLS failed
    timed_out,    // connected, but the answer was not there in time
    broken_off,   // the answer ended early, or was not HTTP
    too_large,    // the head or the body exceeds its limit
    internal,
};

struct FetchResult {
    FetchFault fault = FetchFault::none;
    std::uint32_t status = 0;  // HTTP's, if fault is none
    std::string_view body;     // dies with the call that hands it on
};

// Carries out HTTP requests, each in a slot: a number below the count given at start. A slot is
// taken by start() and free again when its result is handed on, or by abandon(). The choice of
// slots is the caller's.
class Fetcher {
public:
    using Fetched = reactor::Delegate<void(std::uint32_t slot, const FetchResult& result)>;

    // Once, before anything else. Results come from a task, never from inside start(); `ready` is
    // told when prepare() has come to its end.
    virtual void report_to(Fetched fetched, reactor::Delegate<void()> ready) = 0;

    // Before start(): whether that may be called. False: what it takes is being fetched.
    virtual bool prepare() = 0;

    // How many transfers it is wise to have under way just now; at least 1.
    virtual std::uint32_t concurrency_limit() const = 0;

    // `limit` is more than zero. The views in `request` are used within this call only.
    virtual void start(std::uint32_t slot,
                       const FetchRequest& request,
                       reactor::Duration limit) = 0;

    // Ends a transfer without a result. The slot must be taken.
    virtual void abandon(std::uint32_t slot) = 0;

protected:
    ~Fetcher() = default;
};

}  // namespace herd::places
