#pragma once

#include "herd/core.hpp"
#include "reactor/result.hpp"

#include <cstdint>

namespace herd::journal {

// What stands in the file of a journal.
struct Content {
    enum class Kind : std::uint8_t {
        fresh,       // no more than a piece of a first line
        ours,        // the journal of the server that was asked for
        others,      // of another server, or of another version
        unreadable,  // its first line is not one of a journal
    };
    Kind kind = Kind::fresh;
    std::uint64_t records = 0;
    // Of these. What has expired is gone for good; the others were refused by this run's bounds,
    // which another run may not have.
    std::uint64_t expired = 0;
    std::uint64_t no_space = 0;
    std::uint64_t too_far_ahead = 0;
    std::uint64_t no_record = 0;  // Whole lines that say nothing which this program knows.
    std::uint64_t refused() const { return no_space + too_far_ahead + no_record; }
    // Bytes of the longest prefix that is what was written, with holes between lines.
    std::uint64_t good = 0;
    std::uint64_t size = 0;  // all bytes
};

// Reads a journal into the table of `core`. The file has just been opened: it is read from where it
// stands, to the end. Fails with the error of a read. Maps a megabyte until it returns.
reactor::Result<Content> load(int fd, Core& core);

}  // namespace herd::journal
