#pragma once

#include "tests/sim/said.hpp"

#include <cstdint>
#include <string>
#include <string_view>

// Where a client's line is in a bucket, written down a second time.
namespace sim {

// Clients of runs with a bucket: "c3", and every other one with what a subject cannot have.
inline std::string odd_name_of(std::uint32_t client) {
    constexpr std::string_view odd = "-.*>=%\xff/_";
    return "c" + std::to_string(client) + (client % 2 == 1 ? std::string(odd) : "");
}

inline std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = ~0U;
    for (const char each : text) {
        crc ^= static_cast<unsigned char>(each);
        for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return ~crc;
}

inline std::string bucket_subject(std::string_view bucket, std::string_view client) {
    constexpr std::string_view lower = "0123456789abcdef";
    constexpr std::string_view upper = "0123456789ABCDEF";
    const std::uint32_t shard = crc32(client) & 0xff;
    std::string subject = "$KV." + std::string(bucket) + ".";
    subject += {lower[shard >> 4], lower[shard & 15]};
    subject += ".c";
    for (const char each : client) {
        const auto byte = static_cast<unsigned char>(each);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
        if (plain) {
            subject += each;
        } else {
            subject += {'=', upper[byte >> 4], upper[byte & 15]};
        }
    }
    return subject;
}

}  // namespace sim
