#pragma once

#include <string_view>

namespace protocol {

// What of a line, as it was sent to a server or is sent by one, may be written down: all of it, or,
// where it holds what proves who somebody is, what stands before that. Decided by its first word,
// whether or not the rest makes sense; the "?" before a line that is sent back does not hide it.
std::string_view without_secrets(std::string_view line);

}  // namespace protocol
