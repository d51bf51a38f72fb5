#pragma once

#include "herd/outcome.hpp"

#include <string>
#include <string_view>

namespace herd::places {

// The API key in a file that holds nothing else but perhaps one end of line. The error is one line
// that names the file and never quotes what is in it. Unless it is `shared`, nobody but its owner
// and its group may read or write the file, and it is no link. For start-up: allocates, and may
// block.
Outcome<std::string> read_key(const std::string& path, bool shared);

// The same of the file's text.
Outcome<std::string> parse_key(std::string_view text);

}  // namespace herd::places
