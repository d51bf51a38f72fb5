#pragma once

#include "herd/config/changes.hpp"
#include "herd/config/config.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/address.hpp"
#include "reactor/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace herd::watch {

// One link of a server, as it is now.
struct LinkStatus {
    std::string_view neighbour;
    std::string_view state;  // "live", "greeting", "down"
    bool legacy = false;
    bool hears = false;                    // the neighbour is connected here, too
    bool told = false;                     // and has told us all that it had when it came
    bool tls = false;                      // while it is live
    std::uint64_t lag_records = 0;         // changes that it has not acknowledged
    reactor::Duration lag{};               // what had changed so long ago has been acknowledged
    reactor::Duration round_trip{};        // 0: not known
    std::int64_t clock_difference_ns = 0;  // its clock minus ours
    std::uint64_t divergences = 0;         // buckets of its table found different from ours
    std::uint64_t drops = 0;               // times that it was live and was lost
};

// A server's bridge to a bucket, as it is now.
struct BridgeStatus {
    std::string_view bucket;  // empty: it has none
    std::string_view state;   // "live", "reading", "opening", "down"
    bool standby = false;     // another bridge of the herd goes first
    bool tls = false;
    std::optional<reactor::Address> broker = {};  // that it is connected to
    std::string_view version = {};                // of that
    std::string_view server_id = {};              // of its run
    std::string_view created = {};                // when its stream was made
    std::uint64_t seq = 0;                        // how far it is read
    std::uint64_t pending = 0;                    // messages that are still to be read
    std::uint64_t keys = 0;                       // clients whose line it has shown
    std::uint64_t lag_records = 0;                // changes that are not published
    reactor::Duration lag{};         // what had changed so long ago has been acknowledged
    std::uint64_t window = 0;        // publications that are not acknowledged
    reactor::Duration round_trip{};  // of the latest one that was; 0: not known
};

// Who asks: one of the herd, or on the same machine, is told all; others what helps nobody.
enum class Audience : std::uint8_t { herd, stranger };

// What a server says of itself when it is asked STATUS on its port for peers. Views are of what it
// is about: for one answer only.
struct Status {
    std::string_view server{};
    std::uint64_t epoch = 0;
    reactor::Duration up{};
    bool draining = false;
    std::uint32_t clients = 0;  // connected
    std::uint32_t map_viewers = 0;
    std::uint32_t records = 0;
    std::uint32_t capacity = 0;    // of records
    std::uint64_t seq = 0;         // of the latest change
    std::uint64_t digest = 0;      // equal tables have equal ones
    std::string_view journal{};    // "off", "loading", "ok", "failed"
    bool journal_loading = false;  // it is still being read, though it may have failed meanwhile
    bool journal_always = false;   // no answer leaves before the disk has the report, while it can
    bool ready = false;            // as /readyz has it
    bool reload_refused = false;   // the latest one
    int pid = 0;
    std::string_view settings{};  // what it runs with, as a JSON object; empty: that is too long
    std::uint64_t corrupted = 0;  // records, on purpose: see table::Spoiler
    std::int64_t certificate_expires_s = 0;  // since 1970; 0: it has none
    Counters counters{};
    std::array<LinkStatus, config::servers_max> links{};
    std::size_t link_count = 0;
    BridgeStatus bridge{};
};

// Of a Status: what is not as usual (config::brief).
inline constexpr std::size_t settings_size_max = std::size_t{24} << 10;
std::string settings_json(const config::Statement& brief);

// One line of JSON without its newline; a view of `out`, which must hold status_size_max.
inline constexpr std::size_t status_size_max = std::size_t{64} << 10;
std::string_view format_status(std::span<char> out, const Status& status, Audience audience);

}  // namespace herd::watch
