#pragma once

#include "bench/target.hpp"

namespace bench {

// Prints "event WHAT NAME", at once: whoever has started that server does as it says.
void tell_event(const char* what, const TargetServer& server);

}  // namespace bench
