#include "protocol/bucket_key.hpp"

#include <algorithm>
#include <cassert>
#include <optional>

namespace protocol {

namespace {

constexpr char plain_mark = 'c';
constexpr char hash_mark = 'h';
constexpr char escape = '=';
constexpr std::string_view large_digits = "0123456789ABCDEF";
constexpr std::string_view small_digits = "0123456789abcdef";

std::optional<unsigned> digit(char byte) {
    const std::size_t value = large_digits.find(byte);
    if (value == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned>(value);
}

}  // namespace

std::string_view format_bucket_key(std::span<char> out, std::string_view client) {
    assert(out.size() >= bucket_key_size_max);
    std::size_t size = 0;
    out[size++] = plain_mark;
    for (const char byte : client) {
        const bool plain = is_bucket_byte(byte);
        if (size + (plain ? 1 : 3) > bucket_key_size_max) return {};
        if (plain) {
            out[size++] = byte;
            continue;
        }
        const auto value = static_cast<unsigned char>(byte);
        out[size++] = escape;
        out[size++] = large_digits[value >> 4];
        out[size++] = large_digits[value & 15];
    }
    return {out.data(), size};
}

std::string_view parse_bucket_key(std::span<char> out, std::string_view key) {
    assert(out.size() >= bucket_key_size_max);
    if (key.size() < 2 || key.size() > bucket_key_size_max || key.front() != plain_mark) return {};
    key.remove_prefix(1);
    std::size_t size = 0;
    while (!key.empty()) {
        if (is_bucket_byte(key.front())) {
            out[size++] = key.front();
            key.remove_prefix(1);
            continue;
        }
        if (key.front() != escape || key.size() < 3) return {};
        const auto high = digit(key[1]);
        const auto low = digit(key[2]);
        if (!high || !low) return {};
        const auto byte = static_cast<char>(*high << 4 | *low);
        // There is one way to write it.
        if (is_bucket_byte(byte)) return {};
        out[size++] = byte;
        key.remove_prefix(3);
    }
    return {out.data(), size};
}

std::string_view format_hashed_bucket_key(std::span<char> out,
                                          std::span<const std::uint8_t, bucket_hash_size> hash) {
    assert(out.size() >= hashed_bucket_key_size);
    std::size_t size = 0;
    out[size++] = hash_mark;
    for (const std::uint8_t byte : hash) {
        out[size++] = small_digits[byte >> 4];
        out[size++] = small_digits[byte & 15U];
    }
    return {out.data(), size};
}

}  // namespace protocol
