#include "reactor/timer_heap.hpp"

#include <cassert>
#include <utility>

namespace reactor {

Result<void> TimerHeap::map(std::uint32_t capacity) {
    assert(heap_.size() == 0);
    assert(capacity > 0);
    auto heap = PageArray<Entry*>::map(capacity);
    if (!heap) return std::unexpected(heap.error());
    heap_ = std::move(*heap);
    return {};
}

void TimerHeap::insert(Entry& entry, Instant due) {
    assert(!entry.in_heap());
    assert(!entry.linked());
    assert(size_ < heap_.size());
    entry.due_ = due;
    place(entry, size_++);
    settle(entry.position_);
}

void TimerHeap::remove(Entry& entry) {
    assert(entry.in_heap());
    const std::uint32_t hole = std::exchange(entry.position_, Entry::nowhere);
    assert(hole < size_);
    assert(heap_[hole] == &entry);
    Entry& last = *heap_[--size_];
    if (&last == &entry) return;
    place(last, hole);
    settle(hole);
}

void TimerHeap::take_due(Instant now, List<Entry>& due) {
    while (size_ > 0 && next() <= now) {
        Entry& entry = *heap_[0];
        remove(entry);
        due.push_back(entry);
    }
}

void TimerHeap::place(Entry& entry, std::uint32_t position) {
    heap_[position] = &entry;
    entry.position_ = position;
}

// Moves the entry at `position` up or down to where the order holds again.
void TimerHeap::settle(std::uint32_t position) {
    Entry& entry = *heap_[position];
    while (position > 0) {
        const std::uint32_t parent = (position - 1) / 2;
        if (heap_[parent]->due_ <= entry.due_) break;
        place(*heap_[parent], position);
        position = parent;
    }
    while (true) {
        std::uint32_t child = 2 * position + 1;
        if (child >= size_) break;
        if (child + 1 < size_ && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
        if (entry.due_ <= heap_[child]->due_) break;
        place(*heap_[child], position);
        position = child;
    }
    place(entry, position);
}

void TimerHeap::check() const {
    assert(size_ <= heap_.size());
    for (std::uint32_t i = 0; i < size_; ++i) {
        assert(heap_[i]->position_ == i);
        assert(!heap_[i]->linked());
        assert(i == 0 || heap_[(i - 1) / 2]->due_ <= heap_[i]->due_);
    }
}

}  // namespace reactor
