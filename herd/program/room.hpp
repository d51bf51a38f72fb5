#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// Whether the journal of a server of this configuration that has all of its clients has room in its
// folder, beside what it takes there now. Empty: it has, there is no journal, or nobody can say.
// Otherwise a sentence that says what it may take, and what there is.
std::string want_of_room(const config::Config& config);

}  // namespace herd::program
