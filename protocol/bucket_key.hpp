#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// What clients are called in a bucket of NATS, which any client of such buckets reads.
namespace protocol {

// Letters, digits, `_` and `-`, which are in no subject anything but themselves.
constexpr bool is_bucket_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

// Of subjects that a broker takes, with the bucket's name and the longest subject of replies.
inline constexpr std::size_t bucket_key_size_max = 1000;

// `c` and the client's id, where a byte as above stands for itself, and any other is `=` and two
// digits, `=2E` for a point. So no two clients have one key, no key is empty or a name that
// buckets reserve, and there is no other way to write it. A view of `out`, which must hold
// bucket_key_size_max; empty: it would be longer than that.
std::string_view format_bucket_key(std::span<char> out, std::string_view client);
// The client of such a key: a view of `out`, which must hold as much; empty: it is nobody's.
std::string_view parse_bucket_key(std::span<char> out, std::string_view key);

// In place of a key that would be longer: `h` and the SHA-256 of the client's id. A view of `out`,
// which must hold hashed_bucket_key_size.
inline constexpr std::size_t bucket_hash_size = 32;
inline constexpr std::size_t hashed_bucket_key_size = 1 + 2 * bucket_hash_size;
std::string_view format_hashed_bucket_key(std::span<char> out,
                                          std::span<const std::uint8_t, bucket_hash_size> hash);

}  // namespace protocol
