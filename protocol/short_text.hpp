#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace protocol {

// A text of at most `capacity` bytes that is a value of its own. What is longer is none of it.
template <std::size_t capacity>
class ShortText {
    static_assert(capacity <= UINT8_MAX);

public:
    static constexpr std::size_t size_max = capacity;

    // False: it is too long, and what there was stays.
    bool assign(std::string_view text) {
        if (text.size() > capacity) return false;
        if (!text.empty()) std::memcpy(bytes_.data(), text.data(), text.size());
        size_ = static_cast<std::uint8_t>(text.size());
        return true;
    }
    std::string_view text() const { return {bytes_.data(), size_}; }
    bool empty() const { return size_ == 0; }

    friend bool operator==(const ShortText& one, const ShortText& other) {
        return one.text() == other.text();
    }

private:
    std::array<char, capacity> bytes_{};
    std::uint8_t size_ = 0;
};

}  // namespace protocol
