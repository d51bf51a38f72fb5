#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace protocol {

// Appends text to a caller's span, which must outlive it. A piece that does not fit is left out
// whole and remembered: from then on `overflowed` holds and nothing more is written.
class TextWriter {
public:
    explicit TextWriter(std::span<char> out) : out_(out) {}

    void put(std::string_view piece) {
        if (overflowed_ || piece.size() > out_.size() - size_) {
            overflowed_ = true;
            return;
        }
        // A null view of no bytes is legal, a null memcpy is not.
        if (!piece.empty()) std::memcpy(out_.data() + size_, piece.data(), piece.size());
        size_ += piece.size();
    }

    void put(char byte) { put(std::string_view(&byte, 1)); }

    // Decimal digits, padded with zeros to at least `width` (at most 20).
    void put_decimal(std::uint64_t value, std::size_t width = 1) { put_number(value, 10, width); }

    // Lower-case hexadecimal digits, padded likewise.
    void put_hex(std::uint64_t value, std::size_t width) { put_number(value, 16, width); }

    void put_signed(std::int64_t value) {
        if (value < 0) put('-');
        put_decimal(magnitude(value));
    }

    // |value|, also of the smallest one.
    static constexpr std::uint64_t magnitude(std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        return value < 0 ? 0 - bits : bits;
    }

    // Forgets the text behind its first `size` bytes.
    void shrink(std::size_t size) {
        if (size < size_) size_ = size;
    }

    bool overflowed() const { return overflowed_; }
    std::size_t size() const { return size_; }
    std::string_view text() const { return {out_.data(), size_}; }

private:
    void put_number(std::uint64_t value, int base, std::size_t width) {
        constexpr std::string_view zeros = "00000000000000000000";
        std::array<char, zeros.size()> digits = {};
        char* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
        const auto count = static_cast<std::size_t>(end - digits.data());
        if (count < width) put(zeros.substr(0, width - count));
        put(std::string_view(digits.data(), count));
    }

    std::span<char> out_;
    std::size_t size_ = 0;  // invariant: size_ <= out_.size()
    bool overflowed_ = false;
};

}  // namespace protocol
