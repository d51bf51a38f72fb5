#pragma once

#include "reactor/result.hpp"

#include <filesystem>

namespace herd::program {

// Whether this process may write that file, which it may have to make, and the folder before, as a
// server does with its log and its journal: where it may not, what hinders it. Makes nothing.
reactor::Result<void> may_keep(const std::filesystem::path& file);

}  // namespace herd::program
