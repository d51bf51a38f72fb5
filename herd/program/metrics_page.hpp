#pragma once

#include <string>

namespace herd::program {

// docs/metrics.md: every family of metrics, with its type, its labels, what it means and what to do
// when it moves.
std::string metrics_page();

}  // namespace herd::program
