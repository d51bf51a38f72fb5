#pragma once

#include <cstddef>
#include <string_view>

namespace protocol {

// Whether these are the first bytes of somebody who shakes hands by TLS (RFC 8446, 5.1): a record
// of type 22 and version 3.x. A byte 22 alone may be anything.
constexpr bool begins_client_hello(std::string_view bytes) {
    constexpr std::size_t looked_at = 3;
    constexpr char handshake = 22;
    constexpr char major = 3;
    constexpr char minor_max = 4;
    return bytes.size() >= looked_at && bytes[0] == handshake && bytes[1] == major &&
           bytes[2] >= 0 && bytes[2] <= minor_max;
}

}  // namespace protocol
