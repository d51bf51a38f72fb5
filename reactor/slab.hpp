#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace reactor {

// Names one occupancy of one slot of a Slab<T>. Outlives its object harmlessly: find() then returns
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

// Fixed storage for up to capacity() objects that never move. Full is a result, not an error.
// Invariant: a slot is live exactly while its generation is odd; live slots lie below high_water_;
// each of the others below it is in the list of free slots: a free slot holds the next one's index.
template <class T>
class Slab {
public:
    static constexpr std::uint32_t no_index = UINT32_MAX;  // The index of nothing.
    // What an object costs here: itself and a generation.
    static constexpr std::size_t slot_size = sizeof(T) + sizeof(std::uint32_t);

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
        auto generations = PageArray<std::uint32_t>::map(capacity);
        if (!generations) return std::unexpected(generations.error());
        slots_ = std::move(*slots);
        generations_ = std::move(*generations);
        capacity_ = capacity;
        return {};
    }

    // Null when full.
    template <class... Arguments>
    T* emplace(Arguments&&... arguments) {
        std::uint32_t index = free_;
        if (index != no_index) {
            std::memcpy(&free_, slot(index), sizeof free_);
        } else if (high_water_ < capacity_) {
            index = high_water_++;
        } else {
            return nullptr;
        }
        assert(index < high_water_);
        assert(!live(index));
        ++generations_[index];
        ++size_;
        return std::construct_at(at(index), std::forward<Arguments>(arguments)...);
    }

    // Destroys the object; every handle to it is stale from now on.
    void release(T& object) {
        const std::uint32_t freed = index(object);
        assert(size_ > 0);
        std::destroy_at(&object);
        // Generation 0 would read as "no handle": it is skipped when the count wraps.
        if (++generations_[freed] == 0) generations_[freed] = 2;
        std::memcpy(slot(freed), &free_, sizeof free_);
        free_ = freed;
        --size_;
    }

    // Null when the handle is stale.
    T* find(Handle<T> handle) {
        if (handle.index >= high_water_) return nullptr;
        if (generations_[handle.index] != handle.generation) return nullptr;
        return live(handle.index) ? at(handle.index) : nullptr;
    }

    Handle<T> handle(const T& object) const {
        const std::uint32_t place = index(object);
        return {place, generations_[place]};
    }

    // Half of a handle: enough for the one who will release the object.
    std::uint32_t index(const T& object) const {
        const auto offset = reinterpret_cast<const Slot*>(&object) - slot(0);
        assert(offset >= 0 && offset < capacity_);
        const auto index = static_cast<std::uint32_t>(offset);
        assert(live(index));
        return index;
    }
    T& operator[](std::uint32_t index) {
        assert(live(index));
        return *at(index);
    }
    const T& operator[](std::uint32_t index) const {
        assert(live(index));
        return *at(index);
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

    // Ends the process when the invariant does not hold.
    void check() const {
        assert(high_water_ <= capacity_);
        std::uint32_t lives = 0;
        for (std::uint32_t index = 0; index < high_water_; ++index) lives += live(index) ? 1U : 0U;
        assert(lives == size_);
        std::uint32_t free = 0;
        for (std::uint32_t index = free_; index != no_index; ++free) {
            assert(index < high_water_);
            assert(!live(index));
            assert(free < high_water_ - size_);  // Else it goes round in a circle.
            std::memcpy(&index, slot(index), sizeof index);
        }
        assert(free == high_water_ - size_);
    }

    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return capacity_; }
    bool full() const { return size_ == capacity_; }

private:
    struct alignas(T) Slot {
        std::byte bytes[sizeof(T)];
    };
    static_assert(sizeof(T) >= sizeof(std::uint32_t));

    Slot* slot(std::uint32_t index) const { return slots_.as<Slot>(capacity_) + index; }
    T* at(std::uint32_t index) const { return std::launder(reinterpret_cast<T*>(slot(index))); }
    bool live(std::uint32_t index) const { return (generations_[index] & 1) != 0; }

    Pages slots_;
    PageArray<std::uint32_t> generations_;
    std::uint32_t capacity_ = 0;
    std::uint32_t high_water_ = 0;  // Slots from here on, and their pages, were never touched.
    std::uint32_t free_ = no_index;
    std::uint32_t size_ = 0;
};

}  // namespace reactor
