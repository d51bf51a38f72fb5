#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cassert>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace reactor {

// Names one occupancy of one slot of a Slab<T>. Outlives its object harmlessly: find() then answers
// null. The default handle names nothing.
template <class T>
struct Handle {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;

    std::uint64_t bits() const { return (std::uint64_t{generation} << 32) | index; }
    static Handle from_bits(std::uint64_t bits) {
        return {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
    }
    explicit operator bool() const { return generation != 0; }
    friend bool operator==(Handle, Handle) = default;
};

// Fixed storage for up to capacity() objects that never move. Full is an answer, not an error.
// Invariant: a slot is live exactly while its generation is odd; live slots lie below high_water_.
template <class T>
class Slab {
public:
    Slab() = default;
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() {
        for_each([this](T& object) { release(object); });
    }

    // Once, before anything else.
    Result<void> map(std::uint32_t capacity) {
        assert(capacity_ == 0);
        assert(capacity > 0);
        auto slots = Pages::map(std::size_t{capacity} * sizeof(Slot));
        if (!slots) return std::unexpected(slots.error());
        auto marks = PageArray<Mark>::map(capacity);
        if (!marks) return std::unexpected(marks.error());
        slots_ = std::move(*slots);
        marks_ = std::move(*marks);
        capacity_ = capacity;
        return {};
    }

    // Null when full.
    template <class... Arguments>
    T* emplace(Arguments&&... arguments) {
        std::uint32_t index = free_;
        if (index != none) {
            free_ = marks_[index].next_free;
        } else if (high_water_ < capacity_) {
            index = high_water_++;
        } else {
            return nullptr;
        }
        ++marks_[index].generation;
        ++size_;
        return std::construct_at(at(index), std::forward<Arguments>(arguments)...);
    }

    // Destroys the object; every handle to it is stale from now on.
    void release(T& object) {
        const std::uint32_t index = index_of(object);
        assert(live(index));
        std::destroy_at(&object);
        // Generation 0 would read as "no handle": it is skipped when the count wraps.
        if (++marks_[index].generation == 0) marks_[index].generation = 2;
        marks_[index].next_free = free_;
        free_ = index;
        --size_;
    }

    // Null when the handle is stale.
    T* find(Handle<T> handle) {
        if (handle.index >= high_water_) return nullptr;
        if (marks_[handle.index].generation != handle.generation) return nullptr;
        return live(handle.index) ? at(handle.index) : nullptr;
    }

    Handle<T> handle(const T& object) const {
        const std::uint32_t index = index_of(object);
        assert(live(index));
        return {index, marks_[index].generation};
    }

    // Calls visit(T&) for each live object in slot order; the visit may release that object.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::uint32_t index = 0; index < high_water_; ++index) {
            if (live(index)) visit(*at(index));
        }
    }
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::uint32_t index = 0; index < high_water_; ++index) {
            if (live(index)) visit(std::as_const(*at(index)));
        }
    }

    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return capacity_; }
    bool full() const { return size_ == capacity_; }

private:
    struct alignas(T) Slot {
        std::byte bytes[sizeof(T)];
    };
    struct Mark {
        std::uint32_t generation;
        std::uint32_t next_free;
    };
    static constexpr std::uint32_t none = UINT32_MAX;

    T* at(std::uint32_t index) const {
        return std::launder(reinterpret_cast<T*>(&slots_.as<Slot>(capacity_)[index]));
    }
    std::uint32_t index_of(const T& object) const {
        const auto* slot = reinterpret_cast<const Slot*>(&object);
        const auto offset = slot - slots_.as<Slot>(capacity_);
        assert(offset >= 0 && offset < capacity_);
        return static_cast<std::uint32_t>(offset);
    }
    bool live(std::uint32_t index) const { return (marks_[index].generation & 1) != 0; }

    Pages slots_;
    PageArray<Mark> marks_;
    std::uint32_t capacity_ = 0;
    std::uint32_t high_water_ = 0;  // Slots from here on, and their pages, were never touched.
    std::uint32_t free_ = none;
    std::uint32_t size_ = 0;
};

}  // namespace reactor
