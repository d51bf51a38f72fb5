#pragma once

#include "protocol/text_writer.hpp"

#include <cstddef>
#include <string_view>

namespace protocol {

// The text as a JSON string, in its quotes. Bytes that are no UTF-8 become U+FFFD, one each, as
// clients' names may have any. At most json_text_size_max bytes.
void put_json_text(TextWriter& out, std::string_view text);

constexpr std::size_t json_text_size_max(std::size_t size) {
    return 2 + size * std::string_view("\\u0000").size();
}

}  // namespace protocol
