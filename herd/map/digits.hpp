#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::map {

// Whole numbers as text, six bits a digit: the digit d is the character that stands d behind '0'.
// None of these ends a line, and a page reads each with one subtraction. Its span outlives it, and
// has room for what is put: see room().
class Digits {
public:
    static constexpr unsigned bits = 6;
    static constexpr std::size_t short_max = 7;  // digits of what put_short() writes

    explicit Digits(std::span<char> out) : out_(out) {}

    // So many digits, the first counts most. A greater number is cut down to the greatest.
    void put(std::uint64_t value, std::size_t count) {
        const std::uint64_t most = (std::uint64_t{1} << count * bits) - 1;
        if (value > most) value = most;
        for (std::size_t left = count; left > 0; --left) {
            add(static_cast<unsigned>(value >> (left - 1) * bits) & 63U);
        }
    }
    // As few as it takes: five bits in each, the first counts least, and 32 more says that another
    // one follows.
    void put_short(std::uint32_t value) {
        for (; value >= 32; value >>= 5) add(32U | (value & 31U));
        add(value);
    }

    bool empty() const { return size_ == 0; }
    std::size_t room() const { return out_.size() - size_; }
    std::string_view text() const { return {out_.data(), size_}; }

private:
    void add(unsigned digit) {
        assert(size_ < out_.size());
        out_[size_++] = static_cast<char>('0' + digit);
    }

    std::span<char> out_;
    std::size_t size_ = 0;
};

}  // namespace herd::map
