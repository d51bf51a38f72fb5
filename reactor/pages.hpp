#pragma once

#include "reactor/result.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace reactor {

// Memory taken from the system once, at start, zeroed; given back when this dies. Pages that nobody
// has touched cost nothing, so capacities may be generous, unless sys::take_pages_at_once() was
// called. Move-only.
class Pages {
public:
    Pages() = default;
    Pages(Pages&& other) noexcept
        : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Pages& operator=(Pages&& other) noexcept {
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Pages();

    // `size` in bytes, more than 0. Fails with what the system says (ENOMEM).
    static Acquired<Pages> map(std::size_t size);

    // How many bytes all of them in this process have together, at this moment.
    static std::size_t mapped();

    // Large pages cost fewer misses when memory is used at random, and at least their size each.
    static constexpr std::size_t large_page = std::size_t{2} << 20;
    static constexpr std::size_t small_page = std::size_t{4} << 10;
    // Asks for them from byte `begin` to `end`; less when there are fewer bytes. See
    // sys::use_large_pages.
    void enlarge(std::size_t begin, std::size_t end = SIZE_MAX);

    // From now on the caller's to unmap.
    std::span<char> release();

    std::span<char> bytes() const { return {static_cast<char*>(start_), size_}; }

    // The first `count` objects of type T; T must be valid when all its bytes are zero.
    template <class T>
    T* as(std::size_t count) const {
        assert(count * sizeof(T) <= size_);  // NOLINT(bugprone-sizeof-expression)
        return static_cast<T*>(start_);
    }

private:
    void* start_ = nullptr;
    std::size_t size_ = 0;
};

// A fixed array on its own pages: mapped once, of a size known at start.
template <class T>
class PageArray {
public:
    static Acquired<PageArray> map(std::size_t count) {
        auto pages = Pages::map(count * sizeof(T));  // NOLINT(bugprone-sizeof-expression)
        if (!pages) return std::unexpected(pages.error());
        PageArray array;
        array.pages_ = std::move(*pages);
        array.count_ = count;
        return array;
    }

    T& operator[](std::size_t index) {
        assert(index < count_);
        return pages_.as<T>(count_)[index];
    }
    const T& operator[](std::size_t index) const {
        assert(index < count_);
        return pages_.as<T>(count_)[index];
    }
    std::size_t size() const { return count_; }
    Pages& pages() { return pages_; }

private:
    Pages pages_;
    std::size_t count_ = 0;
};

}  // namespace reactor
