#pragma once

#include <cstdint>
#include <string_view>

// The rules that make herds and a bucket equal in the end, beside table::rules::newer, which alone
// decides between two lines. In a file of their own, as those of the table are, so that a test can
// link wrong ones in their place.
namespace herd::bridge::rules {

// A change of the table.
struct Change {
    bool shown;        // The bucket shows that very line.
    bool said;         // That very line is on its way.
    bool from_bucket;  // The table has it from there.
};
// Whether it is published. That it came from the bucket counts for nothing: as long as the bucket
// shows it there is no need, and when it shows it no more somebody has to. What becomes of what is
// on its way is seen when the bucket's reader has passed it.
bool published(const Change& change);

// A publication that is about to be said.
struct Saying {
    bool last;   // No other follows for a while.
    bool known;  // The bucket has shown something of its key.
    std::uint64_t number;
};
// Whether an acknowledgement of it is asked for. One costs a broker a quarter of what it does for
// a publication, and carries those before it (see Window). But a new key may be refused for itself,
// and nobody is told of that who has not asked.
bool asked(const Saying& saying);
inline constexpr std::uint64_t ask_each = 64;

// Whether what the bucket shows of a client, and is not newer than the table's line, is written
// over with that: unless it is the very same.
bool written_over(bool equal);

// What is known of a publication that the bucket's reader has passed.
struct Evidence {
    bool acknowledged;  // The broker says that it is stored.
    bool shown;         // The bucket has shown it.
};
// Whether the bucket has it. A broker may acknowledge, and have lost the way to the key.
bool stored(const Evidence& evidence);

// Where in a bucket a reader is, or its stream's end.
struct Place {
    std::string_view broker;   // one run of one broker
    std::string_view created;  // one stream of that name
    std::uint64_t seq = 0;     // 0: nowhere
};
// Whether what was read up to `read` need not be read again, where the bucket ends at `end`.
// Numbers mean nothing in another run: a broker that was killed may give them again, to other
// messages, or have older messages for newer.
bool goes_on(const Place& read, const Place& end);

}  // namespace herd::bridge::rules
