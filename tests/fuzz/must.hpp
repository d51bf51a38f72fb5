#pragma once

#include <cassert>

namespace fuzz {

// A claim that is asserted, and whose expression is run in any case.
inline void must([[maybe_unused]] bool holds) {
    assert(holds);
}

}  // namespace fuzz
