#pragma once

#include "bench/target.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bench {

// The clients that a load is made of, numbered from 0. Their names have 24 bytes, their positions
// lie in a rectangle around Los Angeles and move with time; or they are a Population, and settled.
// All commands of one protocol are of one length, and cost some 20 ns to write, or 100 of a
// Population.
class Fleet {
public:
    static constexpr std::uint32_t clients_max = 100'000'000;
    static constexpr std::size_t command_size_max = 256;
    static constexpr std::size_t name_size = 24;

    explicit Fleet(Protocol protocol, bool settled = false)
        : protocol_(protocol), settled_(settled) {}

    // The command, with its line end, by which client `index` reports its position at that POSIX
    // time. `out` holds command_size_max; returns how much of it was used.
    std::size_t report(std::span<char> out, std::uint32_t index, std::int64_t posix_ns) const;
    // "WHATSAT <client> 10 5".
    static std::size_t question(std::span<char> out, std::uint32_t index);

    static void write_name(std::span<char, name_size> out, std::uint32_t index);
    // Whose name that is; nothing if it is none of the fleet's.
    static std::optional<std::uint32_t> index_of(std::string_view client);

private:
    Protocol protocol_;
    bool settled_;
};

}  // namespace bench
