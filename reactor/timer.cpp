#include "reactor/timer.hpp"

namespace reactor {

void Timer::start_at(Instant due) {
    cancel();
    loop_.timers_.insert(*this, due);
}

void Timer::cancel() {
    if (in_heap()) loop_.timers_.remove(*this);
    if (linked()) unlink();
}

}  // namespace reactor
