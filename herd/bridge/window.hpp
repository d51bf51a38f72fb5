#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace herd::bridge {

// The publications that are not proven: a ring, in the order in which they were said.
//
//   said --acknowledged, with its number in the stream--> stored --the reader has come so far-->
//   gone
//     +--refused--> void ---------------------------------------------------------------------->
//     gone
//
// What a broker acknowledges it may still have lost: so each is kept until the bucket's reader has
// passed its place in the stream, and can tell. They leave in their order, so none is younger than
// those before it.
// Invariant: at most `unacknowledged_max` of them are said, or `bytes_max` bytes, and at most as
// many as there are places are here at all.
class Window {
public:
    static constexpr std::uint64_t bytes_max = std::uint64_t{512} << 10;
    // Places for each that may be said.
    static constexpr std::uint32_t places_each = 4;

    struct Publication {
        std::uint32_t slot = 0;
        std::uint64_t digest = 0;  // of the line
    };

    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> map(std::uint32_t unacknowledged_max) {
        auto entries =
            reactor::PageArray<Entry>::map(std::size_t{unacknowledged_max} * places_each);
        if (!entries) return std::unexpected(entries.error());
        entries_ = std::move(*entries);
        unacknowledged_max_ = unacknowledged_max;
        return {};
    }
    // Bytes that map() maps.
    static constexpr std::uint64_t memory(std::uint32_t unacknowledged_max) {
        return std::uint64_t{unacknowledged_max} * places_each * sizeof(Entry);
    }

    bool full() const {
        return said_ >= unacknowledged_max_ || bytes_ >= bytes_max || size() == entries_.size();
    }
    std::uint64_t size() const { return next_ - first_; }
    std::uint32_t unacknowledged() const { return said_; }

    // The number that the next one will have; it is never 0.
    std::uint64_t next() const { return next_; }
    void say(const Publication& publication, std::uint32_t size, reactor::Instant now) {
        assert(!full());
        at(next_++) = {State::said, size, publication, 0, now};
        ++said_;
        bytes_ += size;
    }
    // False: none of that number waits for it.
    bool acknowledge(std::uint64_t number, std::uint64_t stream_seq, reactor::Instant now) {
        if (!settle(number, State::stored, now)) return false;
        at(number).stream_seq = stream_seq;
        return true;
    }
    // Which one it was; nothing: none of that number waits for it.
    std::optional<Publication> refuse(std::uint64_t number, reactor::Instant now) {
        if (!settle(number, State::refused, now)) return std::nullopt;
        return at(number).publication;
    }
    // How long the oldest that is said has been waiting for its acknowledgement.
    reactor::Duration waiting(reactor::Instant now) const {
        for (std::uint64_t number = first_; number < next_; ++number) {
            if (at(number).state == State::said) return now - at(number).said_at;
        }
        return {};
    }
    // From being said to its acknowledgement, of the latest one.
    reactor::Duration round_trip() const { return round_trip_; }

    // Visits those that the reader has passed, which are gone then.
    template <class Visit>
    void pass(std::uint64_t stream_seq, Visit visit) {
        while (first_ < next_) {
            const Entry entry = at(first_);
            if (entry.state == State::said) return;
            if (entry.state == State::stored && entry.stream_seq > stream_seq) return;
            ++first_;
            if (entry.state == State::stored) visit(entry.publication);
        }
    }
    // Visits all that are not refused: nobody can tell any more what became of them.
    template <class Visit>
    void drop(Visit visit) {
        while (first_ < next_) {
            const Entry entry = at(first_++);
            if (entry.state != State::refused) visit(entry.publication);
        }
        said_ = 0;
        bytes_ = 0;
    }

    // Asserts the invariant. For tests.
    void check() const {
        std::uint32_t said = 0;
        std::uint64_t bytes = 0;
        for (std::uint64_t number = first_; number < next_; ++number) {
            if (at(number).state != State::said) continue;
            ++said;
            bytes += at(number).size;
        }
        assert(said == said_);
        assert(bytes == bytes_);
        assert(said_ <= unacknowledged_max_);
        assert(size() <= entries_.size());
    }

private:
    enum class State : std::uint8_t { said, stored, refused };
    struct Entry {
        State state;
        std::uint32_t size;
        Publication publication;
        std::uint64_t stream_seq;
        reactor::Instant said_at;
    };

    Entry& at(std::uint64_t number) { return entries_[number % entries_.size()]; }
    const Entry& at(std::uint64_t number) const { return entries_[number % entries_.size()]; }
    bool settle(std::uint64_t number, State state, reactor::Instant now) {
        if (number < first_ || number >= next_) return false;
        Entry& entry = at(number);
        if (entry.state != State::said) return false;
        entry.state = state;
        --said_;
        bytes_ -= entry.size;
        round_trip_ = now - entry.said_at;
        return true;
    }

    reactor::PageArray<Entry> entries_;
    std::uint32_t unacknowledged_max_ = 0;
    std::uint64_t first_ = 1;
    std::uint64_t next_ = 1;
    std::uint32_t said_ = 0;
    std::uint64_t bytes_ = 0;
    reactor::Duration round_trip_{};
};

}  // namespace herd::bridge
