#pragma once

#include <cstddef>

namespace herd::geo {

// Asks memory for all of an object at once, and does not wait.
template <class T>
void prefetch(const T& object) {
    constexpr std::size_t cache_line = 64;
    const auto* const bytes = reinterpret_cast<const char*>(&object);
    for (std::size_t i = 0; i < sizeof object; i += cache_line) __builtin_prefetch(bytes + i);
}

}  // namespace herd::geo
