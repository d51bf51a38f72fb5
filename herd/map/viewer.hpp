#pragma once

#include "herd/access/grant.hpp"
#include "herd/http/connection.hpp"
#include "herd/map/box.hpp"
#include "herd/table/record.hpp"

#include <cstdint>
#include <string_view>

namespace herd::map {

// What who looks at the map wants to see, and who that is.
struct Wish {
    Box box;
    access::Grant grant;           // Who may be asked for; never more than that is told.
    std::string_view follow = {};  // a client that is told of wherever it is; empty: none
    std::uint64_t page = 0;        // a number that the page has made up; 0: it has none
    std::string_view last = {};    // The latest id that it was told: see Feed.
};

// How far something was told: what had changed by then.
struct Told {
    std::uint64_t seq = 0;
    std::uint64_t expired = 0;  // records that had been forgotten
};

// One who looks at the map. Owned by the Feed.
struct Viewer {
    http::Connection* connection;
    Box box;
    access::Grant grant;
    std::uint64_t page;
    std::uint32_t also = table::no_record;  // the slot of the client that it follows
    // In passes: the slots below this have been looked at in this one.
    std::uint32_t at = 0;
    bool passing = true;      // A pass has begun.
    bool whole = false;       // The first one is through.
    bool owes_state = false;  // It has not been told how the server is.
    // In the first pass: what had changed by then, it had been told on another connection.
    std::uint64_t base = 0;
    Told begun = {};  // When this pass began.
    Told told = {};   // When the latest one began that is through.
};

}  // namespace herd::map
