#include "herd/table/expiry.hpp"

#include "herd/table/rules.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>

namespace herd::table {

void Expiry::step() {
    assert(!timer_.pending());
    assert(slot_ <= table_.slots());
    assert(ttl_ns_ > 0);
    constexpr auto steps_max = static_cast<std::uint32_t>(round / step_min);
    const std::uint32_t count = std::max(slots_min, table_.slots() / steps_max + 1);
    const std::uint32_t end = std::min(slot_ + count, table_.slots());
    const std::int64_t now = reactor::sys::wall_ns();
    for (; slot_ < end; ++slot_) {
        if (!table_.used(slot_) || !rules::expired(table_.at(slot_).effective_ns, now, ttl_ns_))
            continue;
        table_.remove(slot_);
        ++expired_;
    }
    if (slot_ >= table_.slots()) slot_ = 0;
    timer_.start(round / (table_.slots() / count + 1));
}

void Expiry::check() const {
    assert(slot_ == 0 || slot_ < table_.slots());
    assert(ttl_ns_ > 0 || !timer_.pending());
}

}  // namespace herd::table
