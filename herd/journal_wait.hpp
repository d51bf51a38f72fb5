#pragma once

#include "reactor/delegate.hpp"
#include "reactor/list.hpp"

#include <cstdint>

namespace herd {

// Somebody whose answers wait until what they tell of is on the disk: see Journal::hold. Its owner
// unlinks it before it dies.
struct JournalWait : reactor::ListItem<JournalWait> {
    explicit JournalWait(reactor::Delegate<void()> to_tell) : over(to_tell) {}

    reactor::Delegate<void()> over;
    std::uint64_t seq = 0;  // the change that it waits for
};

}  // namespace herd
