#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"

#include <cstddef>
#include <string_view>

namespace herd::config {

inline constexpr std::size_t file_size_max = std::size_t{1} << 20;  // bytes

// A configuration file: JSON with comments. What is wrong is one line for a person,
// "file:line: field: expected ..., got ...". For start-up: allocates, and may block.
Outcome<Config> read(const char* path);

// The same of the file's text; `file` is what errors call it. The result holds together: names and
// addresses are unique, links join two known servers, limits fit each other.
Outcome<Config> parse(std::string_view text, std::string_view file);

}  // namespace herd::config
