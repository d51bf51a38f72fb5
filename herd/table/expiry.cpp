#include "herd/table/expiry.hpp"

#include <algorithm>

namespace herd::table {

void Expiry::step() {
    LocationTable& table = core_.table;
    constexpr auto steps_max = static_cast<std::uint32_t>(round / step_min);
    const std::uint32_t count = std::max(slots_min, table.slots() / steps_max + 1);
    const std::uint32_t end = std::min(slot_ + count, table.slots());
    const std::int64_t now = reactor::sys::wall_ns();
    for (; slot_ < end; ++slot_) {
        if (!table.used(slot_) || !core_.expired(table.at(slot_).time_ns, now)) continue;
        table.remove(slot_);
        ++core_.counters.records_expired;
    }
    if (slot_ >= table.slots()) slot_ = 0;
    timer_.start(round / (table.slots() / count + 1));
}

}  // namespace herd::table
