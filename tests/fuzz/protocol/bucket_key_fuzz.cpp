// Keys of a bucket: each client's comes back as that client, and a key that is somebody's is how
// that client is written.
#include "protocol/bucket_key.hpp"
#include "protocol/nats_subject.hpp"
#include "tests/fuzz/must.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bucket_key_fuzz {

using namespace protocol;

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::array<char, bucket_key_size_max> one{};
    std::array<char, bucket_key_size_max> other{};
    if (const auto client = parse_bucket_key(one, text); !client.empty()) {
        fuzz::must(format_bucket_key(other, client) == text);
    }
    const auto key = format_bucket_key(one, text);
    if (key.empty()) return;
    fuzz::must(nats::is_literal(key));
    fuzz::must(key.find('.') == std::string_view::npos);
    fuzz::must(parse_bucket_key(other, key) == text);
}

}  // namespace bucket_key_fuzz
