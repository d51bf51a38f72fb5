#pragma once

#include "herd/core.hpp"
#include "herd/table/message_batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::journal {

// What stands in the file of a journal.
struct Content {
    enum class Kind : std::uint8_t {
        fresh,       // no more than a piece of a first line
        ours,        // the journal of the server that was asked for
        others,      // of another server, or of another version
        unreadable,  // it has no line of a journal
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
    // Bytes that stay. What is behind them is an unfinished line, the write of which was cut short.
    std::uint64_t good = 0;
    // Of these, those of no line that was written and of no hole before one: they have rotted.
    std::uint64_t damaged = 0;
    std::uint64_t damaged_at = 0;      // the first of these
    std::uint64_t damaged_places = 0;  // in so many stretches
    bool damaged_end = false;          // The last one is at the end, which is no line's.
    std::uint64_t size = 0;            // all bytes
};

// Where records in the table came from that a journal has had, and nobody has changed since: it is
// no incarnation of a neighbour's (those are 64 at least).
inline constexpr std::uint32_t loaded_source = 1;

// The load of one file into the table of `core`, from its start to its end, in pieces of any size:
// whoever reads it puts the next one into room() and says so with add(), and has its lines taken.
// Each line stands for itself, so those behind a bad one are taken, too.
//
// Invariant: what is left of a piece goes before the next one. The buffer is the owner's, and
// longer than any line.
class Loading {
public:
    Loading(Core& core, std::span<char> buffer) : core_(core), buffer_(buffer) {}

    // Where the next bytes go. Only when take() has come to the end of the ones before.
    std::span<char> room() const { return buffer_.subspan(held_); }
    void add(std::size_t bytes);
    // Takes up to so many lines; whether there may be more. Of another's there are none.
    bool take(std::uint64_t lines);
    // Whether the file may have a hole where it is read next; and it has.
    bool in_hole() const { return going_ && in_zeros_ && held_ == 0; }
    void skip(std::uint64_t bytes);
    // It is not another's.
    bool going() const { return going_; }
    // When the file has come to its end.
    Content finish();

    Content content;

private:
    using Batch = table::MessageBatch;

    bool title(std::string_view text);
    bool is_own_title(std::string_view text) const;
    std::span<const std::string_view> next_records(std::uint64_t& lines);
    std::string_view rest() const { return {buffer_.data() + taken_, held_ - taken_}; }
    // Where in the file that begins.
    std::uint64_t at() const { return content.size - rest().size(); }
    void pass_gap();
    void pass_torn(std::size_t bytes);
    void pass_good(std::size_t bytes);
    void note_damage();
    void judge_end();
    void take(const Batch::Line& line);
    void take(const protocol::AtLine& record, table::LocationTable::Key key);

    Core& core_;
    std::span<char> buffer_;
    std::size_t held_ = 0;   // bytes in it
    std::size_t taken_ = 0;  // of these, at the front
    Batch batch_;
    std::array<std::string_view, Batch::size_max> texts_;
    // Bytes of torn lines behind the last good one: they have rotted if there is another one.
    std::uint64_t torn_ = 0;
    std::uint64_t torn_at_ = 0;  // the first of these
    bool in_torn_ = false;       // What is read next belongs to a torn line, up to its end.
    bool in_zeros_ = false;      // What was read last is zeros between lines.
    bool going_ = true;
};

}  // namespace herd::journal
