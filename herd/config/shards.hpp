#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace herd::config {

// A part of the 256 shards that clients fall into by their ids: "00-ff", or one, "5a".
struct Shards {
    std::uint8_t first = 0x00;
    std::uint8_t last = 0xff;  // inclusive

    bool has(std::uint8_t shard) const { return first <= shard && shard <= last; }

    static std::optional<Shards> parse(std::string_view text) {
        const auto first = parse_one(text.substr(0, 2));
        if (first && text.size() == 2) return Shards{*first, *first};
        if (!first || text.size() != 5 || text[2] != '-') return std::nullopt;
        const auto last = parse_one(text.substr(3));
        if (!last || *last < *first) return std::nullopt;
        return Shards{*first, *last};
    }
    std::string text() const {
        const auto digits = [](std::uint8_t shard) {
            constexpr std::string_view all = "0123456789abcdef";
            return std::string{all[shard >> 4], all[shard & 15U]};
        };
        return first == last ? digits(first) : digits(first) + "-" + digits(last);
    }

    friend bool operator==(const Shards&, const Shards&) = default;

    // Two hexadecimal digits.
    static std::optional<std::uint8_t> parse_one(std::string_view digits) {
        std::uint8_t shard = 0;
        const char* const end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, shard, 16);
        if (digits.size() != 2 || read.ec != std::errc() || read.ptr != end) return std::nullopt;
        return shard;
    }
};

}  // namespace herd::config
