#pragma once

#include <string_view>

namespace bench {

// What a stranger says who wants a handshake to cost a server much and himself nothing: a
// ClientHello of TLS 1.3 (RFC 8446, 4.1.2) that is always the same. In place of a key of his own
// there are any 32 bytes, so he can make nothing of the answer.
std::string_view client_hello();

}  // namespace bench
