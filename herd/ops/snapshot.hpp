#pragma once

#include "herd/config/config.hpp"
#include "herd/places/places.hpp"
#include "herd/watch/status.hpp"
#include "reactor/sys.hpp"
#include "reactor/time_histogram.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <string_view>

namespace herd::ops {

// All that is told over HTTP of a server and its process, as it is now. Views are of what it is
// about: for one answer only.
struct Snapshot {
    watch::Status status{};
    std::string_view version{};
    bool ready = false;
    std::int64_t started_s = 0;  // since 1970
    const config::Limits* limits = nullptr;
    reactor::Wire::Counters wire{};
    std::uint32_t blocks = 0;          // that are lent
    std::uint64_t journal_loaded = 0;  // records of it that were read, while it is loading
    std::uint64_t journal_bytes = 0;
    std::uint64_t journal_unsynced = 0;  // of these, what the disk may lack
    places::Places::Tally places{};
    const reactor::TimeHistogram* iterations = nullptr;
    const reactor::TimeHistogram* syncs = nullptr;
    reactor::sys::Process process{};
    bool reloaded = true;         // The latest SIGHUP, or start, was obeyed.
    std::int64_t reloaded_s = 0;  // when the latest one was that was; since 1970
};

}  // namespace herd::ops
