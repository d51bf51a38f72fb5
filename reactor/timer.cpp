#include "reactor/timer.hpp"

#include "reactor/loop.hpp"

#include <cassert>
#include <utility>

// The loop's binary heap of pending timers, ordered by due time: heap_[i] is due no later than
// heap_[2i+1] and heap_[2i+2], and each timer knows its position.
namespace reactor {

void Timer::start_at(Instant due) {
    cancel();
    due_ = due;
    loop_.heap_insert(*this);
}

void Timer::cancel() {
    if (position_ != idle) loop_.heap_remove(*this);
    if (linked()) unlink();
}

void Loop::heap_insert(Timer& timer) {
    assert(heap_size_ < heap_.size());
    heap_place(timer, heap_size_++);
    heap_settle(timer.position_);
}

void Loop::heap_remove(Timer& timer) {
    const std::uint32_t hole = std::exchange(timer.position_, Timer::idle);
    assert(hole < heap_size_);
    Timer& last = *heap_[--heap_size_];
    if (&last == &timer) return;
    heap_place(last, hole);
    heap_settle(hole);
}

void Loop::heap_place(Timer& timer, std::uint32_t position) {
    heap_[position] = &timer;
    timer.position_ = position;
}

// Moves the timer at `position` up or down to where the order holds again.
void Loop::heap_settle(std::uint32_t position) {
    Timer& timer = *heap_[position];
    while (position > 0) {
        const std::uint32_t parent = (position - 1) / 2;
        if (heap_[parent]->due() <= timer.due()) break;
        heap_place(*heap_[parent], position);
        position = parent;
    }
    while (true) {
        std::uint32_t child = 2 * position + 1;
        if (child >= heap_size_) break;
        if (child + 1 < heap_size_ && heap_[child + 1]->due() < heap_[child]->due()) ++child;
        if (timer.due() <= heap_[child]->due()) break;
        heap_place(*heap_[child], position);
        position = child;
    }
    heap_place(timer, position);
}

}  // namespace reactor
