#pragma once

#include <cstddef>
#include <string_view>

namespace bench::floor {

// As long as an answer of a herd's, and always the same.
inline constexpr std::string_view one_answer =
    "AT Goloman +0.000000000 bench-00000000.herd.test +34.068930-118.445127 1520023934.918963997\n";
static_assert(one_answer.size() == 92);

// As many in one piece as one read can ask for with lines of 64 bytes.
inline constexpr std::size_t answers_max = 1024;
std::string_view answers();

}  // namespace bench::floor
