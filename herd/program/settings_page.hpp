#pragma once

#include <string>

namespace herd::program {

// docs/configuration.md: every setting, with what it may be, its default and its meaning.
std::string settings_page();

}  // namespace herd::program
