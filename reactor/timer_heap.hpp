#pragma once

#include "reactor/list.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"

#include <cstdint>

namespace reactor {

// Pending expiries in the order in which they are due: a binary heap of fixed capacity, owned by a
// Loop. Insert, remove and take are O(log n), next() is O(1). Owns no entry.
// Invariant: heap_[i] is due no later than heap_[2i+1] and heap_[2i+2], and
// heap_[i]->position_ == i.
class TimerHeap {
public:
    // What can be in a heap; a Timer derives from it. Pinned while it is pending. Taken off the
    // heap as due, it is linked in the list of those that expire now, until its turn.
    class Entry : public ListItem<Entry> {
    public:
        Entry() = default;
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        Instant due() const { return due_; }
        bool in_heap() const { return position_ != nowhere; }

    protected:
        ~Entry() = default;

    private:
        friend class TimerHeap;
        static constexpr std::uint32_t nowhere = UINT32_MAX;

        Instant due_{};
        std::uint32_t position_ = nowhere;
    };

    // Once, first. Fails with ENOMEM.
    Result<void> map(std::uint32_t capacity);

    // The entry is not in the heap, and the heap is not full.
    void insert(Entry& entry, Instant due);
    // The entry is in the heap.
    void remove(Entry& entry);
    // Takes off all that are due at `now`, the earliest first.
    void take_due(Instant now, List<Entry>& due);

    // When the first is due; Instant::max() of none.
    Instant next() const { return size_ > 0 ? heap_[0]->due_ : Instant::max(); }
    std::uint32_t size() const { return size_; }

    // Asserts the invariant. O(n), for tests and simulations.
    void check() const;

private:
    void place(Entry& entry, std::uint32_t position);
    void settle(std::uint32_t position);

    PageArray<Entry*> heap_;
    std::uint32_t size_ = 0;
};

}  // namespace reactor
