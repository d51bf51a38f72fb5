#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace herd::bridge {

// The publications that are not proven: a ring, in the order in which they were said.
//
//   asked    --acknowledged, with its number in the stream--> stored --passed by the reader--> gone
//   asked    --refused--------------------------------------> refused -----------------------> gone
//   carried  --one behind it is acknowledged or refused-----> stored --passed by the reader--> gone
//
// An acknowledgement is asked for some of them, and carries those before it: a broker takes one
// connection's publications in their order, so these are stored below its number, or nowhere.
// Of a refused one there is no number, and those before it count as passed.
// What a broker acknowledges it may still have lost: so each is kept until the bucket's reader has
// passed its place in the stream, and can tell. They leave in their order, so none is younger than
// those before it.
// Invariant: at most `unacknowledged_max` of them are asked or carried, and at most as many as
// there are places are here at all.
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

    // By number, or by bytes, which the latest may have passed.
    bool full() const { return !has_room(1); }
    // For so many.
    bool has_room(std::uint32_t count) const {
        return said_ + count <= unacknowledged_max_ && bytes_ < bytes_max &&
               size() + count <= entries_.size();
    }
    std::uint64_t size() const { return next_ - first_; }
    std::uint32_t unacknowledged() const { return said_; }

    // The number that the next one will have; it is never 0.
    std::uint64_t next() const { return next_; }
    void say(const Publication& publication, bool asks, std::uint32_t size, reactor::Instant now) {
        assert(said_ < unacknowledged_max_);
        assert(this->size() < entries_.size());
        at(next_++) = {asks ? State::asked : State::carried, size, publication, 0, now};
        ++said_;
        bytes_ += size;
    }
    // How many are acknowledged by that; 0: none of that number waits for it.
    std::uint32_t acknowledge(std::uint64_t number,
                              std::uint64_t stream_seq,
                              reactor::Instant now) {
        const std::uint32_t before = said_;
        if (!settle(number, State::stored, now)) return 0;
        at(number).stream_seq = stream_seq;
        carry(number, stream_seq);
        return before - said_;
    }
    // Which one it was; nothing: none of that number waits for it.
    std::optional<Publication> refuse(std::uint64_t number, reactor::Instant now) {
        if (!settle(number, State::refused, now)) return std::nullopt;
        carry(number, 0);
        return at(number).publication;
    }
    // How long the oldest that is asked has been waiting for its acknowledgement.
    reactor::Duration waiting(reactor::Instant now) const {
        for (std::uint64_t number = first_; number < next_; ++number) {
            if (at(number).state == State::asked) return now - at(number).said_at;
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
            if (!is_settled(entry)) return;
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
            if (is_settled(at(number))) continue;
            assert(at(number).state == State::asked || number >= carried_);
            ++said;
            bytes += at(number).size;
        }
        assert(said == said_);
        assert(bytes == bytes_);
        assert(said_ <= unacknowledged_max_);
        assert(size() <= entries_.size());
    }

private:
    enum class State : std::uint8_t { asked, carried, stored, refused };
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
        if (entry.state != State::asked) return false;
        round_trip_ = now - entry.said_at;
        leave(entry, state);
        return true;
    }
    // Those before that one, for which nobody has asked.
    void carry(std::uint64_t number, std::uint64_t stream_seq) {
        for (carried_ = std::max(carried_, first_); carried_ < number; ++carried_) {
            Entry& entry = at(carried_);
            if (entry.state != State::carried) continue;
            leave(entry, State::stored);
            entry.stream_seq = stream_seq;
        }
    }
    void leave(Entry& entry, State state) {
        assert(!is_settled(entry));
        entry.state = state;
        --said_;
        bytes_ -= entry.size;
    }
    static bool is_settled(const Entry& entry) {
        return entry.state == State::stored || entry.state == State::refused;
    }

    reactor::PageArray<Entry> entries_;
    std::uint32_t unacknowledged_max_ = 0;
    std::uint64_t first_ = 1;
    std::uint64_t next_ = 1;
    std::uint64_t carried_ = 1;  // Below it none is `carried`.
    std::uint32_t said_ = 0;     // asked or carried
    std::uint64_t bytes_ = 0;
    reactor::Duration round_trip_{};
};

}  // namespace herd::bridge
